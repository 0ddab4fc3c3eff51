// Tables whose cases each start a process are played in part by every run of the tests, and whole by command:
// `LOGS=all npx vitest run test/logs`.

/** Every third case, or all of them when the environment variable says `all`. */
export function everyThird<T>(cases: readonly T[], variable: string): readonly T[] {
  return process.env[variable] === 'all' ? cases : cases.filter((_, i) => i % 3 === 0);
}
