// The entry of the executable: decides which command runs. Each command is a file of its own, loaded on use.

/** `argv` as Node has it: the runtime, the script, then what the user wrote. Sets the process' exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const { runBroker } = await import('./broker.js');
  process.exitCode = await runBroker(argv.slice(2));
}
