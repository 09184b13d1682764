import type { Delimiters } from '../message/delimiters.ts';

/**
 * Escapes a value so that it can stand in a field, component or subcomponent: delimiters become `\F\` and friends;
 * CR, LF, VT and FS become `\X0D\` and so on, since they could end the segment or the MLLP frame. `unescape` gives the
 * value back.
 */
export function escapeText(value: string, delimiters: Delimiters): string {
  const { field, component, subcomponent, repetition, escape, truncation } = delimiters;
  const letters = new Map<number, string>([
    [field, 'F'],
    [component, 'S'],
    [subcomponent, 'T'],
    [repetition, 'R'],
    [escape, 'E'],
    [0x0d, 'X0D'],
    [0x0a, 'X0A'],
    [0x0b, 'X0B'],
    [0x1c, 'X1C'],
  ]);
  if (truncation !== undefined) {
    letters.set(truncation, 'P');
  }
  const around = String.fromCharCode(escape);
  let out = '';
  let done = 0;
  for (let i = 0; i < value.length; i += 1) {
    const letter = letters.get(value.charCodeAt(i));
    if (letter !== undefined) {
      out += value.slice(done, i) + around + letter + around;
      done = i + 1;
    }
  }
  return done === 0 ? value : out + value.slice(done);
}
