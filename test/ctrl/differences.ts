// Where `pondhawk ctrl` does not do what mosquitto_ctrl does, and why.

export interface Difference {
  readonly steps: readonly string[];
  readonly reason: string;
  readonly ours: { readonly exit: number; readonly stdout?: RegExp; readonly stderr?: RegExp };
}

/** Steps that end with the usage, which has words of its own; standard error is the same. */
export const USAGE = /^mosquitto_ctrl is a tool for administering certain Mosquitto features\.\n/;
export const OUR_USAGE =
  /^mosquitto_ctrl is a tool for administering certain MQTT broker features\.\nmosquitto_ctrl version \d+\.\d+\.\d+\n\nGeneral usage: mosquitto_ctrl \[options\] <module>.*\n\nOptions:\n {2}-h, --host HOST/s;

export const differences: readonly Difference[] = [
  {
    steps: ['-p 1 dynsec listRoles'],
    reason: 'Mosquitto has lost the error by the time it says it.',
    ours: { exit: 14, stdout: /^$/, stderr: /\n\nError: Connection refused\.\n$/ },
  },
  {
    steps: ['-f made dynsec listRoles'],
    reason: 'Mosquitto does nothing, without a word.',
    ours: {
      exit: 3,
      stdout: /^$/,
      stderr: /^Error: With -f, only setClientPassword can be used\.\nError: Invalid/,
    },
  },
];
