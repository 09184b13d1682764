/** What proto-loader loads has the types that its generator wrote from the same files with the same options. */
export function protoTypesFromWire<T>(loaded: unknown): T {
  return loaded as T;
}
