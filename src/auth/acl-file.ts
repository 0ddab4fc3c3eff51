// Mosquitto's ACL files: how they are read, and what their rules say. Each user's rules become a tree of
// topic levels, so that a decision costs no more than the levels of the topic, however many rules there are.
import { DEFAULT_MAX_TOPIC_LEVELS, isTopicFilter, MAX_TOPIC_BYTES, topicLevels } from '../protocol/index.js';
import {
  asBytes,
  type FileKind,
  linesOf,
  RestrictedFileError,
  readRestrictedFile,
  shownBytes,
  trimBlanks,
  trimBlanksAtEnd,
} from './restricted-file.js';

/** Topic levels of all rules together, those that rules of a user share counted once; each takes about 100 bytes. */
const MAX_LEVELS = 2_000_000;

/** What a rule allows, as bits. A rule that denies wins over all others of its list. */
export const Access = { READ: 1, WRITE: 2, DENY: 4 } as const;
export type Access = number;

/** Moves the bits of a rule to where they count only for clients that have a user name. */
const NAMED_ONLY = 3;

const accessWords: ReadonlyMap<string, Access> = new Map([
  ['read', Access.READ],
  ['write', Access.WRITE],
  ['readwrite', Access.READ | Access.WRITE],
  ['deny', Access.DENY],
]);

/**
 * An ACL file that cannot be used. The message is Mosquitto's (which says `Error opening acl file "…".` after it), and
 * what to do.
 */
export class AclFileError extends RestrictedFileError {
  override readonly name = 'AclFileError';
}

const kind: FileKind = {
  maxLength: 64 * 1024 * 1024, // a rule takes about 40
  missing: 'There is no such file.',
  cannotOpen: (file, advice) =>
    new AclFileError(file, undefined, `Error: Unable to open acl_file "${file}".`, advice),
};

/** Who wants to do something. An empty user name is none. */
export interface Who {
  readonly clientId: string;
  readonly username: string | undefined;
}

/** The names of branches that stand for the client's own names: no level of a topic has a + in it. */
const OWN_CLIENT_ID = '+c';
const OWN_USERNAME = '+u';

/** A level of the rules of one list. Most have one level below them, which needs no map. */
class Branch {
  access: Access = 0;
  /** The line of the rule that denies, if there is one. */
  denyingLine = 0;
  #firstName: string | undefined;
  #first: Branch | undefined;
  #others: Map<string, Branch> | undefined;

  get isLast(): boolean {
    return this.#first === undefined;
  }

  below(name: string): Branch | undefined {
    return name === this.#firstName ? this.#first : this.#others?.get(name);
  }

  grow(name: string): Branch {
    const branch = new Branch();
    if (this.#first === undefined) {
      this.#firstName = name;
      this.#first = branch;
    } else {
      this.#others ??= new Map();
      this.#others.set(name, branch);
    }
    return branch;
  }
}

/** A list of rules: those of a user, those of clients without one, or the patterns. */
export class RuleTree {
  readonly #root = new Branch();

  /** Adds a rule of these levels. Returns how many of them are new. */
  add(levels: readonly string[], access: Access, line = 0): number {
    let added = 0;
    let branch = this.#root;
    for (const level of levels) {
      const known = branch.below(level);
      if (known === undefined) added++;
      branch = known ?? branch.grow(level);
    }
    branch.access |= access;
    if ((access & (Access.DENY | (Access.DENY << NAMED_ONLY))) !== 0) branch.denyingLine = line;
    return added;
  }

  get isEmpty(): boolean {
    return this.#root.isLast;
  }

  /** What all rules that match a topic name say together. */
  accessTo(topic: string, who: Who): Access {
    let access = 0;
    this.#matches(topic, who, (branch) => {
      access |= branch.access;
    });
    return access;
  }

  /** The line of a rule that denies a topic name; 0: there is none. */
  lineThatDenies(topic: string, who: Who): number {
    let line = 0;
    this.#matches(topic, who, ({ denyingLine }) => {
      if (denyingLine !== 0) line = denyingLine;
    });
    return line;
  }

  #matches(topic: string, who: Who, visit: Visit): void {
    // rules have no more levels than this, so that what comes later can only match a #
    const levels = topic.split('/', DEFAULT_MAX_TOPIC_LEVELS + 1);
    if (!topic.startsWith('$')) visitBelow(this.#root, levels, 0, who, visit);
    // neither wildcards nor names stand for a first level with a $ [MQTT-4.7.2-1]
    else visitBelow(this.#root.below(levels[0]!), levels, 1, who, visit);
  }
}

type Visit = (branch: Branch) => void;

/** Visits the ends of all rules that match. */
function visitBelow(
  branch: Branch | undefined,
  levels: readonly string[],
  depth: number,
  who: Who,
  visit: Visit,
): void {
  if (branch === undefined) return;
  // a # stands for the level above it too
  const rest = branch.below('#');
  if (rest !== undefined) visit(rest);
  if (depth === levels.length) return visit(branch);
  if (branch.isLast) return;
  const level = levels[depth]!;
  const through = (name: string): void => visitBelow(branch.below(name), levels, depth + 1, who, visit);
  through(level);
  through('+');
  // an empty name is not the empty level
  if (level !== '' && level === who.clientId) through(OWN_CLIENT_ID);
  if (level !== '' && level === who.username) through(OWN_USERNAME);
}

/** Names with wildcards are not let near patterns: Mosquitto takes them for an attack. */
const isDangerous = (name: string): boolean => name.includes('+') || name.includes('#');

/** Yes, no, or no because of the client's user name or client id. */
export type AclDecision = 'allowed' | 'denied' | 'dangerous username' | 'dangerous client id';

/** All rules of a file. */
export class AclRules {
  readonly anonymous = new RuleTree();
  readonly users = new Map<string, RuleTree>();
  readonly patterns = new RuleTree();

  /** Whether a client may read from or write to a topic name: its own rules first, then the patterns. */
  decide(who: Who, topic: string, wanted: Access): AclDecision {
    const { clientId, username = '' } = who;
    const access = this.#own(username)?.accessTo(topic, who) ?? 0;
    if ((access & Access.DENY) !== 0) return 'denied';
    if ((access & wanted) !== 0) return 'allowed';
    if (this.patterns.isEmpty) return 'denied';
    if (isDangerous(username)) return 'dangerous username';
    if (isDangerous(clientId)) return 'dangerous client id';
    return this.#decideByPatterns(who, topic, wanted);
  }

  /** The line of a rule that denies a topic name; 0: there is none. */
  lineThatDenies(who: Who, topic: string): number {
    const own = this.#own(who.username ?? '')?.lineThatDenies(topic, who) ?? 0;
    return own === 0 ? this.patterns.lineThatDenies(topic, who) : own;
  }

  #own(username: string): RuleTree | undefined {
    return username === '' ? this.anonymous : this.users.get(username);
  }

  #decideByPatterns(who: Who, topic: string, wanted: Access): AclDecision {
    const bits = this.patterns.accessTo(topic, who);
    const access = (who.username ?? '') === '' ? bits : bits | (bits >> NAMED_ONLY);
    return (access & Access.DENY) === 0 && (access & wanted) !== 0 ? 'allowed' : 'denied';
  }
}

/** Characters of a file that a message shows: Mosquitto's log has lines of 999 bytes. */
const MAX_SHOWN = 1000;

function shown(bytes: string): string {
  return shownBytes(bytes, MAX_SHOWN);
}

/** Text from its bytes (one character each); undefined when it is not UTF-8, and so nothing that MQTT can send. */
function decoded(bytes: string): string | undefined {
  if (/^[\0-\x7f]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  return text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(buffer) ? undefined : text;
}

/** The first word and what follows its blank. Only blanks separate words, tabs do not. */
function cutWord(line: string): { readonly word: string; readonly rest: string; readonly head: string } {
  let start = 0;
  while (line[start] === ' ') start++;
  const blank = line.indexOf(' ', start);
  const end = blank === -1 ? line.length : blank;
  return { word: line.slice(start, end), rest: line.slice(end + 1), head: line.slice(0, end) };
}

const levelOfPattern: ReadonlyMap<string, string> = new Map([
  ['%c', OWN_CLIENT_ID],
  ['%u', OWN_USERNAME],
]);

/** Takes in one line after the other. */
class Parser {
  readonly rules = new AclRules();
  readonly warnings: string[] = [];
  readonly #file: string;
  /** Whose rules are being read. */
  #user = this.rules.anonymous;
  #line = 0;
  #levels = 0;

  readonly #keywords: ReadonlyMap<string, (rest: string) => void> = new Map([
    ['topic', (rest) => this.#topic(rest)],
    ['pattern', (rest) => this.#pattern(rest)],
    ['user', (rest) => this.#startUser(rest)],
  ]);

  constructor(file: string) {
    this.#file = file;
  }

  read(whole: string): void {
    this.#line++;
    const line = trimBlanksAtEnd(whole);
    const { word, rest, head } = cutWord(line);
    // Mosquitto stops there without a word, and what the rest of the file denies is allowed
    if (line.includes('\0')) throw this.#invalidLine(head, 'it has a NUL byte: is this a text file?');
    if (line === '' || line.startsWith('#')) return;
    const keyword = this.#keywords.get(word);
    if (keyword === undefined)
      throw this.#invalidLine(
        head,
        'a line begins with topic, pattern or user and a blank, or with # for a comment.',
      );
    keyword(rest);
  }

  #invalidLine(head: string, advice: string): AclFileError {
    return this.#error(`Error: Invalid line in acl_file "${this.#file}": ${shown(head)}.`, advice);
  }

  #startUser(rest: string): void {
    const bytes = trimBlanks(rest);
    if (bytes === '')
      throw this.#error(
        `Error: Missing username in acl_file "${this.#file}".`,
        'write the name after user; rules of clients without a name stand before the first user.',
      );
    const name = decoded(bytes);
    this.#user = (name === undefined ? undefined : this.rules.users.get(name)) ?? new RuleTree();
    if (name !== undefined) this.rules.users.set(name, this.#user);
  }

  #topic(rest: string): void {
    const { filter, access } = this.#rule(rest);
    const levels = decoded(filter)?.split('/');
    if (levels !== undefined) this.#add(this.#user, levels, access);
  }

  #pattern(rest: string): void {
    const { filter, access } = this.#rule(rest);
    if (!filter.includes('%c') && !filter.includes('%u'))
      this.warnings.push(`Warning: ACL pattern '${shown(filter)}' does not contain '%c' or '%u'.`);
    const levels = decoded(filter)?.split('/');
    if (levels === undefined) return;
    // %u counts for this wherever it stands, but only as a whole level for the user name
    const bits = filter.includes('%u') ? access << NAMED_ONLY : access;
    this.#add(
      this.rules.patterns,
      levels.map((level) => levelOfPattern.get(level) ?? level),
      bits,
    );
  }

  #add(tree: RuleTree, levels: readonly string[], access: Access): void {
    this.#levels += tree.add(levels, access, this.#line);
    if (this.#levels > MAX_LEVELS)
      throw this.#error(
        `Error: Too many rules in acl_file "${this.#file}".`,
        `they have more than ${MAX_LEVELS} topic levels: use wildcards or patterns.`,
      );
  }

  /** The rest of a line: an access word, which may be left out, and a filter, which may have blanks in it then. */
  #rule(text: string): { readonly filter: string; readonly access: Access } {
    const { word, rest } = cutWord(text);
    if (word === '')
      throw this.#error(
        `Error: Empty topic in acl_file "${this.#file}".`,
        'write a topic filter at the end of the line.',
      );
    const filter = rest === '' ? word : trimBlanks(rest);
    const access = rest === '' ? Access.READ | Access.WRITE : this.#access(word);
    this.#checkFilter(filter);
    return { filter, access };
  }

  #access(word: string): Access {
    const access = accessWords.get(word);
    if (access === undefined)
      throw this.#error(
        `Error: Invalid topic access type "${shown(word)}" in acl_file "${this.#file}".`,
        'it is read, write, readwrite or deny, and must be there when the topic filter has a blank.',
      );
    return access;
  }

  #checkFilter(filter: string): void {
    if (
      !isTopicFilter(filter) ||
      filter.length > MAX_TOPIC_BYTES ||
      topicLevels(filter) > DEFAULT_MAX_TOPIC_LEVELS
    )
      throw this.#error(
        `Error: Invalid ACL topic "${shown(filter)}" in acl_file "${this.#file}".`,
        `+ and # stand for whole levels, # at the end only, and there are at most ${DEFAULT_MAX_TOPIC_LEVELS} levels.`,
      );
  }

  #error(text: string, advice: string): AclFileError {
    return new AclFileError(this.#file, this.#line, text, advice);
  }
}

export interface LoadedAclFile {
  readonly rules: AclRules;
  /** Of rules that say little; each is a line. */
  readonly warnings: readonly string[];
}

/** The rules of an ACL file. Throws AclFileError for what Mosquitto 2.1 refuses, and for NUL bytes. */
export function parseAclFile(content: Uint8Array, file: string): LoadedAclFile {
  const parser = new Parser(file);
  for (const line of linesOf(asBytes(content))) parser.read(line);
  return { rules: parser.rules, warnings: parser.warnings };
}

export interface OpenedAclFile extends LoadedAclFile {
  /** Of owner and permissions; each is a line. */
  readonly fileWarnings: readonly string[];
}

/** Reads an ACL file, all of it or nothing. Throws AclFileError. */
export async function loadAclFile(file: string): Promise<OpenedAclFile> {
  const { content, warnings } = await readRestrictedFile(file, kind);
  return { ...parseAclFile(content, file), fileWarnings: warnings };
}
