import type { FileFraming } from '../../index.ts';

const VT = 0x0b;
const CR = 0x0d;
const LF = 0x0a;
const MSH = Buffer.from('MSH', 'latin1');

/**
 * A large file is handed over in pieces of about this size, so that it need not fit into memory or under the message limit.
 * A smaller file is one piece: envelopes are then seen whole.
 */
const PIECE_BYTES = 1024 * 1024;

/**
 * Cuts files of HL7 between messages: a piece that begins with a start block before the next one (a frame may hold a
 * batch), any other before a start block or a line that begins with MSH. What a
 * piece holds is for the frame decoder to say. A file with neither is one record, however large.
 */
export const hl7FileFraming: FileFraming = {
  name: 'hl7',
  isEmptyFileARecord: true,
  recordEnd: (bytes, searchFrom, isLast) => {
    if (isLast && bytes.length <= PIECE_BYTES) {
      return bytes.length;
    }
    const from = Math.max(searchFrom, PIECE_BYTES);
    return bytes[0] === VT ? positive(bytes.indexOf(VT, from)) : messageLine(bytes, from);
  },
};

function messageLine(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MSH, from); at >= 0; at = bytes.indexOf(MSH, at + 1)) {
    const before = bytes[at - 1];
    if (before === CR || before === LF) {
      return at;
    }
    if (before === VT) {
      return at - 1;
    }
  }
  return undefined;
}

function positive(at: number): number | undefined {
  return at < 0 ? undefined : at;
}
