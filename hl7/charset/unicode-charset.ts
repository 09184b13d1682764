import { isAscii, isUtf8 } from 'node:buffer';
import type { Charset } from './charset.ts';

export const ASCII: Charset = {
  name: 'ASCII',
  layout: 'plain',
  fast: 'latin1',
  decode: (bytes) => (isAscii(bytes) ? bytes.latin1Slice(0, bytes.length) : undefined),
  encode: (text) => {
    const bytes = Buffer.from(text, 'utf8');
    return bytes.length === text.length ? bytes : undefined;
  },
  mask: (bytes) => bytes,
};

export const UTF_8: Charset = {
  name: 'UNICODE UTF-8',
  layout: 'plain',
  fast: 'utf8',
  decode: (bytes) => (isUtf8(bytes) ? bytes.utf8Slice(0, bytes.length) : undefined),
  encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined),
  mask: (bytes) => bytes,
};
