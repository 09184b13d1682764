import type { Hl7Warning, WarningCode } from '../../hl7/message/problem.ts';

/** The codes of warnings as they stand in the header `warnings`: each once, separated by commas. */
export function warningCodes(warnings: readonly Hl7Warning[]): string {
  if (warnings.length <= 1) {
    return warnings[0]?.code ?? '';
  }
  return [...new Set(warnings.map((warning) => warning.code))].join(',');
}

/** Adds a code to the header's text. */
export function withWarning(warnings: string, code: WarningCode): string {
  return warnings === '' ? code : `${warnings},${code}`;
}
