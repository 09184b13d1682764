/** A value of state is what was put under the same name, version and serializer (state-dictionary.ts checks that). */
export function unpackedFromWire<T>(value: unknown): T {
  return value as T;
}
