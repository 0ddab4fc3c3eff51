// What a case of the table is: command lines of pub, sub and rr, and what happens at the other end meanwhile.
// A command line is written as in a shell, with these placeholders:
//   {t}      a topic, client id or word that no other case uses
//   {dir}    the folder of the case, which is also the working directory and HOME
//   {certs}  the folder with certificates
//   {port}, {authPort}, {wsPort}, {tlsPort}, {mtlsPort}, {strangerPort}, {pskPort}, {wssPort}, {unix}
//            where the broker listens, each way; the tool's connection is watched on its way there
//   {peer}   the port of a broker that does what the case says
//   {socks}  the port of a SOCKS5 proxy
//   {direct} the port of the broker itself, for a proxy to connect to

export const toolNames = ['pub', 'sub', 'rr'] as const;
export type ToolName = (typeof toolNames)[number];

/** The ways to reach a broker. `stranger` shows the certificate of another name. */
export type Way = 'tcp' | 'auth' | 'unix' | 'ws' | 'tls' | 'mtls' | 'stranger' | 'psk' | 'wss';

export const wayOfPlaceholder: Readonly<Record<string, Way>> = {
  port: 'tcp',
  authPort: 'auth',
  unix: 'unix',
  wsPort: 'ws',
  tlsPort: 'tls',
  mtlsPort: 'mtls',
  strangerPort: 'stranger',
  pskPort: 'psk',
  wssPort: 'wss',
};

export interface Message {
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What a command has done when its step is over. */
export type Ready = 'started' | 'connected' | 'subscribed' | 'unsubscribed';

export type Step =
  | { readonly do: 'start'; readonly line: string; readonly until: Ready; readonly input: string | null }
  /** Waits for all that run. */
  | { readonly do: 'end' }
  | { readonly do: 'publish'; readonly topic: string; readonly payload: string; readonly message: Message }
  /** The companion subscribes; what it gets is compared. */
  | { readonly do: 'watch'; readonly filter: string }
  /** Waits until that many such packets have passed between the tools and the broker, either way. */
  | { readonly do: 'passed'; readonly packet: string; readonly count: number }
  /** Standard input of the command that was started last. */
  | { readonly do: 'type'; readonly text: string | null }
  | { readonly do: 'kill'; readonly signal: NodeJS.Signals }
  /** Nobody reads the standard output of the command that was started last any more. */
  | { readonly do: 'deafen' }
  /** The network fails: connections are cut. */
  | { readonly do: 'cut' }
  | { readonly do: 'pause'; readonly ms: number };

/** Runs a command to its end. Without `input` its standard input is empty. */
export function run(line: string, input = ''): Step[] {
  return [{ do: 'start', line, until: 'started', input }, { do: 'end' }];
}

/** Starts a command that goes on. With `input` null, standard input stays open for `type`. */
export function start(line: string, until: Ready = 'subscribed', input: string | null = ''): Step {
  return { do: 'start', line, until, input };
}

export const end: Step = { do: 'end' };
export const deafen: Step = { do: 'deafen' };
export const cut: Step = { do: 'cut' };

export function publish(topic: string, payload: string, message: Message = {}): Step {
  return { do: 'publish', topic, payload, message };
}

export function watch(filter: string): Step {
  return { do: 'watch', filter };
}

export function passed(packet: string, count: number): Step {
  return { do: 'passed', packet, count };
}

export function type(text: string | null): Step {
  return { do: 'type', text };
}

export function kill(signal: NodeJS.Signals): Step {
  return { do: 'kill', signal };
}

export function pause(ms: number): Step {
  return { do: 'pause', ms };
}

/**
 * How the broker at {peer} answers each packet: bytes in hexadecimal, in which `id` stands for the packet's
 * identifier. After `close` it closes; an empty text is silence. What is not listed is answered as usual.
 */
export type PeerScript = Readonly<Partial<Record<string, string>>>;

/** What the clock or chance decides, and so is not compared in this case. */
export type Blur = 'time' | 'latency' | 'pid' | 'rate';

export interface ToolCase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Milliseconds until a command is killed, where it does not end by itself. */
  readonly limit?: number;
  /** Beyond what the placeholders say. */
  readonly needs?: readonly Way[];
  /** Files of {dir}. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly peer?: PeerScript;
  /** User and password that the proxy asks for. */
  readonly socksUser?: readonly [string, string];
  /** The packets that the tools send are compared as well. */
  readonly wire?: true;
  /** Files of {dir} whose content is compared. */
  readonly reads?: readonly string[];
  readonly blur?: readonly Blur[];
}

/** A case of one command that runs to its end. */
export function one(name: string, line: string, rest: Partial<ToolCase> & { input?: string } = {}): ToolCase {
  const { input, ...others } = rest;
  return { name, steps: run(line, input), ...others };
}

/** A case of one publishing command, while the companion watches {t} and below. */
export function sends(
  name: string,
  line: string,
  rest: Partial<ToolCase> & { input?: string } = {},
): ToolCase {
  const { input, ...others } = rest;
  return { name, steps: [watch('{t}/#'), ...run(line, input)], ...others };
}

export interface Sent extends Message {
  readonly topic?: string;
  readonly payload: string;
}

/** A case of a subscribing command that gets these messages, once it has subscribed, and ends by itself. */
export function gets(
  name: string,
  line: string,
  messages: readonly (string | Sent)[],
  rest: Partial<ToolCase> = {},
): ToolCase {
  const sent = messages.map((message): Step => {
    if (typeof message === 'string') return publish('{t}', message);
    const { topic = '{t}', payload, ...how } = message;
    return publish(topic, payload, how);
  });
  return { name, steps: [start(line), ...sent, end], ...rest };
}

/** A case of pub -l that gets its lines one after the other, each when the one before is acknowledged. */
export function typed(
  name: string,
  line: string,
  texts: readonly string[],
  acknowledgement: string,
  rest: Partial<ToolCase> = {},
): ToolCase {
  const typing = texts.flatMap((text, at): Step[] => [
    type(text),
    passed(acknowledgement, at + 1),
    pause(50),
  ]);
  return { name, steps: [start(line, 'connected', null), ...typing, type(null), end], ...rest };
}

export function commandLines(toolCase: ToolCase): string[] {
  return toolCase.steps.flatMap((step) => (step.do === 'start' ? [step.line] : []));
}

/** The ways to a broker without which a case cannot run. */
export function needsOf(toolCase: ToolCase): Way[] {
  const texts = [...commandLines(toolCase), ...Object.values(toolCase.files ?? {})].join(' ');
  const named = Object.entries(wayOfPlaceholder).filter(([name]) => texts.includes(`{${name}}`));
  return [...new Set([...named.map(([, way]) => way), ...(toolCase.needs ?? [])])];
}
