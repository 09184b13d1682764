import { type ParseOptions, type ParseResult, parseMessage } from '../message/parse-message.ts';
import type { BatchMember, EnvelopeWarning } from './batch.ts';
import { splitBatch } from './split-batch.ts';

export interface ParsedMember extends BatchMember {
  readonly result: ParseResult;
}

export type ParsedPayload =
  | { readonly kind: 'single'; readonly result: ParseResult }
  | {
      readonly kind: 'batch';
      readonly members: readonly ParsedMember[];
      readonly warnings: readonly EnvelopeWarning[];
    };

/**
 * Parses what one Kafka value, file or MLLP frame holds: a message, several, or a batch with its envelope. The usual
 * single message costs no more than `parseMessage`, which says itself when there is more than one.
 */
export function parsePayload(payload: Uint8Array, options: ParseOptions = {}): ParsedPayload {
  const result = parseMessage(payload, options);
  if (result.kind === 'parsed') {
    return { kind: 'single', result };
  }
  const split = splitBatch(payload);
  if (split.kind === 'single') {
    return { kind: 'single', result };
  }
  const members = split.members.map((member) => ({ ...member, result: parseMessage(member.bytes, options) }));
  return { kind: 'batch', members, warnings: split.warnings };
}
