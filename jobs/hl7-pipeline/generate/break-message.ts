import type { Random } from '../../../index.ts';
import { frame } from './frame.ts';

/** The ways in which senders break messages, and what the pipeline says to each. */
export const BREAKAGES = [
  'no-header', // E_NOT_HL7
  'empty', // E_EMPTY
  'cut-off', // E_FRAME: the connection broke inside the frame
  'bad-delimiters', // E_BAD_DELIMITERS
  'no-type', // E_NO_MESSAGE_TYPE
  'no-control-id', // E_NO_CONTROL_ID
  'no-patient', // E_NO_PATIENT_ID
  'bad-line', // E_BAD_SEGMENT
  'wrong-charset', // E_CHARSET
] as const;

export type Breakage = (typeof BREAKAGES)[number];

/** The framed bytes of a message that was broken on its way. */
export function breakMessage(text: string, breakage: Breakage, random: Random): Buffer {
  const segments = text.split('\r');
  switch (breakage) {
    case 'no-header':
      return frame(segments.slice(1).join('\r'));
    case 'empty':
      return frame('');
    case 'cut-off':
      return frame(text).subarray(0, 40 + random.below(Math.max(1, text.length - 40)));
    case 'bad-delimiters':
      return frame(text.replace('^~\\&', '^^\\&'));
    case 'no-type':
      return frame(withHeaderField(segments, 8, ''));
    case 'no-control-id':
      return frame(withHeaderField(segments, 9, ''));
    case 'no-patient':
      return frame(
        segments
          .map((line) => (line.startsWith('PID') ? line.replace(/^(PID\|\d\|)[^|]*\|[^|]*/, '$1|') : line))
          .join('\r'),
      );
    case 'bad-line':
      return frame([...segments.slice(0, 2), 'see attached', ...segments.slice(2)].join('\r'));
    case 'wrong-charset':
      return Buffer.concat([
        frame(withHeaderField(segments, 17, 'UNICODE UTF-8')).subarray(0, -2),
        Buffer.from('NTE|1||\xe9\r\x1c\r', 'latin1'),
      ]);
  }
}

/** MSH-(index + 1): the header's fields as `|` splits them. */
function withHeaderField(segments: readonly string[], index: number, value: string): string {
  const [head = '', ...rest] = segments;
  const fields = head.split('|');
  while (fields.length <= index) {
    fields.push('');
  }
  fields[index] = value;
  return [fields.join('|'), ...rest].join('\r');
}
