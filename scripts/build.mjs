// Builds the package: TypeScript to dist/, then two bundles. dist/bin/ is the command line in few files, since what
// a tool loads decides how soon it starts; dist/browser/ is the client for browsers, whose size is printed and
// limited.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Bytes of what a page loads to connect, subscribe and publish, gzipped. */
const BROWSER_LIMIT = 20 * 1024;
/** Parts of the client that are loaded when they are used, each in a file of its own. */
const onUse = ['enhanced-authentication', 'requests', 'scram-exchange', 'session-records'];

const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

async function bundle(dir, options, output) {
  rmSync(dir, { recursive: true, force: true });
  const build = await rolldown({ logLevel: 'warn', ...options });
  const { output: files } = await build.write({ format: 'esm', dir, chunkFileNames: '[name].js', ...output });
  await build.close();
  return files.filter(({ type }) => type === 'chunk');
}

await bundle(
  'dist/bin',
  {
    // the second is what `pondhawk bench` starts as processes of its own
    input: { main: 'dist/cli/main.js', child: 'dist/cli/bench/child.js' },
    platform: 'node',
    external: [/^node:/, 'commander', 'socks', 'ws'],
  },
  { minify: { compress: true, mangle: false, codegen: false } },
);
const chunks = await bundle(
  'dist/browser',
  {
    input: { client: 'dist/client/browser.js' },
    platform: 'browser',
    treeshake: { propertyReadSideEffects: false },
    preserveEntrySignatures: 'allow-extension',
  },
  {
    minify: true,
    sourcemap: true,
    comments: false,
    codeSplitting: {
      groups: [{ name: 'client', test: (id) => !onUse.includes(basename(id, '.js')) }],
    },
  },
);

const names = chunks.map(({ fileName }) => fileName);
for (const { fileName, code, imports } of chunks) {
  const foreign = imports.filter((one) => !names.includes(one));
  if (foreign.length > 0) throw new Error(`dist/browser/${fileName} imports ${foreign.join(', ')}`);
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`dist/browser/${fileName}: ${code.length} bytes, ${size} gzipped`);
  if (fileName === 'client.js' && size > BROWSER_LIMIT) {
    console.error(`the client for browsers is larger than ${BROWSER_LIMIT} bytes gzipped`);
    process.exit(1);
  }
}
