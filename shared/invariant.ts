/**
 * Thrown when the program contradicts itself. Nobody catches it to go on: the process, or the attempt of the job that
 * raised it, ends, because its state can no longer be trusted.
 */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** States a fact the code relies on. `message` must hold no patient data. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new InvariantViolation(message);
  }
}

/** Ends a switch over a union: the compiler proves it is never reached, and data that lies about its type is loud. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`a value outside its union: ${String(value)}`);
}

/** The value, or a violation naming `what` when it is absent. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new InvariantViolation(`${what} is absent`);
  }
  return value;
}
