// The files under src/ and what each of them imports, read from their text.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sourceRoot = join(root, 'src');

export interface Import {
  /** As it stands in the file. */
  readonly specifier: string;
  /** The file under src/ that it means; undefined for packages, and for what is not under src/. */
  readonly target: string | undefined;
  /** Erased by the compiler: `import type` and `export type`. */
  readonly isType: boolean;
  /** `import()`, which does not run when the file is loaded. */
  readonly isDynamic: boolean;
}

export interface SourceFile {
  /** Below src/, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Tests may import what they like. */
export function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path);
}

/** The first part of the path: a folder, or a file of src/ itself. */
export function partOf(path: string): string {
  return path.split('/')[0]!;
}

export function packageDependencies(): string[] {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
  } = JSON.parse(text) as Record<string, Record<string, string>>;
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}

/** Everything that is in src/: files, and the folders they are in. */
export function sourceFolders(): string[] {
  return readdirSync(sourceRoot, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

export function sourceFiles(): SourceFile[] {
  return readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(sourceRoot, path), 'utf8');
      return { path, text, imports: importsOf(path, withoutComments(text)) };
    });
}

/** Comments and what is quoted in them must not count. Strings with slashes in them are left alone. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

const STATIC = /^(import|export)(\s+type)?\b(?:[^;'"]*?\bfrom)?\s*'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  for (const [, , type, specifier] of text.matchAll(STATIC))
    found.push(importOf(path, specifier!, type !== undefined, false));
  for (const [, specifier] of text.matchAll(DYNAMIC)) found.push(importOf(path, specifier!, false, true));
  return found;
}

function importOf(path: string, specifier: string, isType: boolean, isDynamic: boolean): Import {
  return { specifier, target: targetOf(path, specifier), isType, isDynamic };
}

function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const absolute = join(sourceRoot, dirname(path), specifier.replace(/\.js$/, '.ts'));
  const below = relative(sourceRoot, absolute).replaceAll('\\', '/');
  return below.startsWith('..') ? undefined : below;
}
