/** A message in MLLP framing, as UTF-8. */
export function frame(text: string): Buffer {
  return Buffer.from(`\u000b${text}\u001c\r`, 'utf8');
}
