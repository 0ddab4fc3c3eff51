// With which reason code something is refused, for tests of what must not be accepted.

/** The reason code of the MqttError that `act` throws, or undefined; any other error is let through. */
export function reasonOf(act: () => unknown): number | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'MqttError' && 'reason' in error)
      return error.reason as number;
    throw error;
  }
}
