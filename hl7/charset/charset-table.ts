import type { Charset } from './charset.ts';
import { doubleByteWidth, eucJpWidth, gb18030Width, multiByteCharset, shiftJisWidth } from './multi-byte-charset.ts';
import { singleByteCharset } from './single-byte-charset.ts';
import { ASCII, UTF_8 } from './unicode-charset.ts';

/** What one repetition of MSH-18 declares. */
export type DeclaredCharset =
  | { readonly kind: 'charset'; readonly charset: Charset }
  | { readonly kind: 'iso2022' } // an ISO IR set that is only reached by escape sequences
  | { readonly kind: 'unsupported' } // in table 0211, but no decoder here: its bytes are never guessed at
  | { readonly kind: 'unknown' };

/** HL7 table 0211 as HAPI 2.6 (HL7Charsets) reads it, then the spellings that senders use instead. */
const SINGLE_BYTE: Readonly<Record<string, readonly [name: string, label: string]>> = {
  '8859/1': ['8859/1', 'iso-8859-1'],
  '8859/2': ['8859/2', 'iso-8859-2'],
  '8859/3': ['8859/3', 'iso-8859-3'],
  '8859/4': ['8859/4', 'iso-8859-4'],
  '8859/5': ['8859/5', 'iso-8859-5'],
  '8859/6': ['8859/6', 'iso-8859-6'],
  '8859/7': ['8859/7', 'iso-8859-7'],
  '8859/8': ['8859/8', 'iso-8859-8'],
  '8859/9': ['8859/9', 'iso-8859-9'],
  '8859/10': ['8859/10', 'iso-8859-10'],
  '8859/13': ['8859/13', 'iso-8859-13'],
  '8859/14': ['8859/14', 'iso-8859-14'],
  '8859/15': ['8859/15', 'iso-8859-15'],
  'WINDOWS/1250': ['WINDOWS-1250', 'windows-1250'],
  'WINDOWS/1251': ['WINDOWS-1251', 'windows-1251'],
  'WINDOWS/1252': ['8859/1', 'iso-8859-1'],
  'WINDOWS/1253': ['WINDOWS-1253', 'windows-1253'],
  'WINDOWS/1254': ['8859/9', 'iso-8859-9'],
  'WINDOWS/1257': ['WINDOWS-1257', 'windows-1257'],
};

type Make = () => Charset;
const MULTI_BYTE: Readonly<Record<string, Make>> = {
  'BIG-5': () => multiByteCharset({ name: 'BIG-5', label: 'big5', encoder: 'big5', widthOf: doubleByteWidth }),
  'GB 18030-2000': () =>
    multiByteCharset({ name: 'GB 18030-2000', label: 'gb18030', encoder: 'gb18030', widthOf: gb18030Width }),
  'KS X 1001': () =>
    multiByteCharset({ name: 'KS X 1001', label: 'euc-kr', encoder: 'cp949', widthOf: doubleByteWidth }),
  'EUC-JP': () => multiByteCharset({ name: 'EUC-JP', label: 'euc-jp', encoder: 'euc-jp', widthOf: eucJpWidth }),
  SHIFT_JIS: () =>
    multiByteCharset({ name: 'SHIFT_JIS', label: 'shift_jis', encoder: 'cp932', widthOf: shiftJisWidth }),
};

const ALIASES: Readonly<Record<string, string>> = {
  BIG5: 'BIG-5',
  GB18030: 'GB 18030-2000',
  'GB 18030': 'GB 18030-2000',
  GBK: 'GB 18030-2000',
  GB2312: 'GB 18030-2000',
  'EUC-KR': 'KS X 1001',
  CP949: 'KS X 1001',
  'SHIFT-JIS': 'SHIFT_JIS',
  SJIS: 'SHIFT_JIS',
  MS932: 'SHIFT_JIS',
  'WINDOWS-31J': 'SHIFT_JIS',
  'ISO IR14': 'SHIFT_JIS', // JIS X 0201: its single bytes are Shift_JIS's
  LATIN1: '8859/1',
};

const ASCII_NAMES = new Set(['ASCII', 'US-ASCII', 'ISO IR6']);
const UTF_8_NAMES = new Set(['UNICODE UTF-8', 'UTF-8', 'UTF8', 'UNICODE']);
/** By the time MSH-18 is read the bytes were transcoded to UTF-8, or they never were UTF-16 at all. */
const TRANSCODED_NAMES = new Set(['UNICODE UTF-16', 'UNICODE UTF-32', 'UTF-16', 'UTF-32']);
const ISO_2022_NAMES = new Set(['ISO IR87', 'ISO IR159', 'ISO IR13', 'ISO IR149', 'ISO IR58', 'ISO-2022-JP']);
const UNSUPPORTED_NAMES = new Set(['CNS 11643-1992']);

const made = new Map<string, Charset>();

/** Looks up one repetition of MSH-18. Case and the usual variants of spelling (`ISO-8859-1`, `CP1252`) are accepted. */
export function charsetOf(declared: string): DeclaredCharset {
  const name = normaliseName(declared);
  if (ASCII_NAMES.has(name)) {
    return { kind: 'charset', charset: ASCII };
  }
  if (UTF_8_NAMES.has(name) || TRANSCODED_NAMES.has(name)) {
    return { kind: 'charset', charset: UTF_8 };
  }
  if (ISO_2022_NAMES.has(name)) {
    return { kind: 'iso2022' };
  }
  if (UNSUPPORTED_NAMES.has(name)) {
    return { kind: 'unsupported' };
  }
  const charset = made.get(name) ?? makeCharset(name);
  if (charset === undefined) {
    return { kind: 'unknown' };
  }
  made.set(name, charset);
  return { kind: 'charset', charset };
}

function makeCharset(name: string): Charset | undefined {
  const single = SINGLE_BYTE[name];
  return single === undefined ? MULTI_BYTE[name]?.() : singleByteCharset(single[0], single[1]);
}

function normaliseName(declared: string): string {
  const name = declared.trim().toUpperCase().replace(/\s+/g, ' ');
  const iso = /^ISO[-_ ]?8859[-_/ ]?(\d{1,2})$/.exec(name);
  if (iso?.[1] !== undefined) {
    return `8859/${iso[1]}`;
  }
  const windows = /^(?:WINDOWS|CP|MS)[-_ ]?(125\d)$/.exec(name);
  if (windows?.[1] !== undefined) {
    return `WINDOWS/${windows[1]}`;
  }
  const registry = /^ISO[-_ ]?IR[-_ ]?(\d+)$/.exec(name);
  const canonical = registry?.[1] === undefined ? name : `ISO IR${registry[1]}`;
  return ALIASES[canonical] ?? canonical;
}
