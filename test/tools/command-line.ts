// Command lines of the table, written as in a shell: words, 'single' and "double" quotes. Inside of double
// quotes \n, \t, \\ and \" and \xNN (one byte of UTF-8 text that is broken on purpose) have their meaning.

export function words(line: string): string[] {
  const found: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"(?:\\.|[^"])*"|[^\s'"])+/g)) {
    found.push(
      word.replace(/'([^']*)'|"((?:\\.|[^"])*)"/g, (_whole, single?: string, double?: string) => {
        return single ?? unescaped(double ?? '');
      }),
    );
  }
  return found;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_whole, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter);
}
