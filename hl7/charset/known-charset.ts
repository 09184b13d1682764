import { charsetOf } from './charset-table.ts';

/** Whether `name` (HL7 table 0211, or a usual spelling such as `ISO-8859-1`) is a set that can be decoded here. */
export function isKnownCharset(name: string): boolean {
  const { kind } = charsetOf(name);
  return kind === 'charset' || kind === 'iso2022';
}
