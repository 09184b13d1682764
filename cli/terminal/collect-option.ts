/** For options that may be repeated. */
export function collect(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text];
}
