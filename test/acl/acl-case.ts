// What the table of ACL cases is made of. Everything is data: recorded.json has it with what Mosquitto decided.

/** Who asks. */
export interface Subject {
  readonly id: string;
  readonly user?: string;
  /** The protocol level; 5 if it is left out. */
  readonly version?: 3 | 4 | 5;
}

/** What is asked. `receive` is what a witness, who may do everything, publishes while the subject is subscribed. */
export type Attempt =
  | { readonly publish: string; readonly qos?: 0 | 1 | 2; readonly retain?: true }
  | { readonly subscribe: string; readonly qos?: 0 | 1 | 2 }
  | { readonly receive: string; readonly filter?: string; readonly qos?: 0 | 1 | 2 }
  | { readonly receiveRetained: string; readonly filter?: string; readonly qos?: 0 | 1 | 2 }
  | { readonly receiveQueued: string; readonly by?: Subject }
  | { readonly will: string; readonly qos?: 0 | 1 | 2; readonly retain?: true };

export interface AclProbe {
  readonly as: Subject;
  readonly tries: Attempt;
}

/** Probes that share a file. */
export interface AclWorld {
  /** Continues "decides like Mosquitto:". */
  readonly name: string;
  readonly acl: string;
  readonly probes: readonly AclProbe[];
}

/** A file that is not taken, or is taken with a warning. */
export interface AclFileCase {
  readonly name: string;
  /** One character for each byte. */
  readonly bytes: string;
}

export interface RecordedProbe extends AclProbe {
  /** Whether the attempt had an effect, and what the subject was told. */
  readonly decision: string;
}

export interface RecordedWorld {
  readonly name: string;
  readonly acl: string;
  readonly probes: readonly RecordedProbe[];
}

export interface RecordedFile {
  readonly name: string;
  /** The exit code; 'runs' when it was started. */
  readonly exit: number | 'runs';
  /** What was said of the file, without time stamps; {file} is its path. */
  readonly said: readonly string[];
}

export interface AclRecording {
  readonly mosquitto: string;
  readonly worlds: readonly RecordedWorld[];
  readonly files: readonly RecordedFile[];
}
