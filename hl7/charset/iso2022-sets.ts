import type { Charset } from './charset.ts';
import { ASCII } from './unicode-charset.ts';
import { doubleByteWidth, eucJpWidth, multiByteCharset, shiftJisWidth } from './multi-byte-charset.ts';
import { singleByteCharset } from './single-byte-charset.ts';

/**
 * One set that an escape sequence can switch to. `half` says which bytes it governs: `low` 21–7E (G0), `high` A0–FF
 * (G1). A set of two bytes is decoded by adding or keeping the high bits, as its EUC form has it.
 */
export interface Iso2022Set {
  readonly half: 'low' | 'high';
  readonly bytes: 1 | 2;
  /** The bytes of a run as its carrier set spells them. */
  toCarrier(run: Buffer): Buffer;
  carrier(): Charset;
}

const lazily = (make: () => Charset): (() => Charset) => {
  let made: Charset | undefined;
  return () => (made ??= make());
};
const eucJp = lazily(() =>
  multiByteCharset({ name: 'EUC-JP', label: 'euc-jp', encoder: 'euc-jp', widthOf: eucJpWidth }),
);
const eucKr = lazily(() =>
  multiByteCharset({ name: 'KS X 1001', label: 'euc-kr', encoder: 'cp949', widthOf: doubleByteWidth }),
);
const gbk = lazily(() => multiByteCharset({ name: 'GB 2312', label: 'gbk', encoder: 'gbk', widthOf: doubleByteWidth }));
const shiftJis = lazily(() =>
  multiByteCharset({ name: 'JIS X 0201', label: 'shift_jis', encoder: 'shift_jis', widthOf: shiftJisWidth }),
);

const asIs = (run: Buffer): Buffer => run;
const raised = (run: Buffer): Buffer => Buffer.from(run.map((byte) => byte | 0x80));
const jis0212 = (run: Buffer): Buffer => {
  const out: number[] = [];
  for (let i = 0; i < run.length; i += 2) {
    out.push(0x8f, (run[i] ?? 0) | 0x80, (run[i + 1] ?? 0) | 0x80);
  }
  return Buffer.from(out);
};

export const ASCII_SET: Iso2022Set = { half: 'low', bytes: 1, toCarrier: asIs, carrier: () => ASCII };

const high = (name: string, label: string): Iso2022Set => ({
  half: 'high',
  bytes: 1,
  toCarrier: asIs,
  carrier: lazily(() => singleByteCharset(name, label)),
});

/** By escape sequence, without ESC (ISO 2375 registry numbers as in DICOM PS3.3 C.12.1.1.2 and IHE ITI TF-2x C). */
export const SETS_BY_ESCAPE: ReadonlyMap<string, Iso2022Set> = new Map<string, Iso2022Set>([
  ['(B', ASCII_SET], // ISO IR6
  ['(J', ASCII_SET], // ISO IR14 roman: its 5C and 7E stay the escape and repetition bytes
  ['(I', { half: 'low', bytes: 1, toCarrier: raised, carrier: shiftJis }], // ISO IR13 katakana in G0
  [')I', { half: 'high', bytes: 1, toCarrier: asIs, carrier: shiftJis }], // ISO IR13 katakana
  ['$@', { half: 'low', bytes: 2, toCarrier: raised, carrier: eucJp }], // JIS C 6226-1978
  ['$B', { half: 'low', bytes: 2, toCarrier: raised, carrier: eucJp }], // ISO IR87
  ['$(D', { half: 'low', bytes: 2, toCarrier: jis0212, carrier: eucJp }], // ISO IR159
  ['$)C', { half: 'high', bytes: 2, toCarrier: asIs, carrier: eucKr }], // ISO IR149
  ['$(C', { half: 'low', bytes: 2, toCarrier: raised, carrier: eucKr }],
  ['$)A', { half: 'high', bytes: 2, toCarrier: asIs, carrier: gbk }], // ISO IR58
  ['$A', { half: 'low', bytes: 2, toCarrier: raised, carrier: gbk }],
  ['-A', high('8859/1', 'iso-8859-1')], // ISO IR100
  ['-B', high('8859/2', 'iso-8859-2')], // ISO IR101
  ['-C', high('8859/3', 'iso-8859-3')], // ISO IR109
  ['-D', high('8859/4', 'iso-8859-4')], // ISO IR110
  ['-L', high('8859/5', 'iso-8859-5')], // ISO IR144
  ['-G', high('8859/6', 'iso-8859-6')], // ISO IR127
  ['-F', high('8859/7', 'iso-8859-7')], // ISO IR126
  ['-H', high('8859/8', 'iso-8859-8')], // ISO IR138
  ['-M', high('8859/9', 'iso-8859-9')], // ISO IR148
]);

const ESCAPE_LENGTHS = [3, 2] as const;

/** The set that the bytes after an ESC at `at - 1` switch to, with the length of the sequence; undefined if unknown. */
export function setAt(bytes: Buffer, at: number): { readonly set: Iso2022Set; readonly length: number } | undefined {
  for (const length of ESCAPE_LENGTHS) {
    const set = at + length <= bytes.length ? SETS_BY_ESCAPE.get(bytes.latin1Slice(at, at + length)) : undefined;
    if (set !== undefined) {
      return { set, length };
    }
  }
  return undefined;
}
