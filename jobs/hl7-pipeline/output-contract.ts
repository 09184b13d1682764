import type { OutputRecord } from '../../index.ts';
import { encodeRecord } from '../../hl7/extract/extract-record.ts';
import type { TypedRecord } from '../../hl7/extract/typed-record.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { checkContract } from '../../hl7/validate/check-contract.ts';
import type { Hl7Element } from './hl7-element.ts';
import { originHeaders } from './origin.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { topicOf } from './route.ts';
import { withWarning } from './warning-codes.ts';

export type ContractVerdict =
  | {
      readonly kind: 'kept';
      /** Codes of what was odd, that of the contract among them. */
      readonly warnings: string;
    }
  | { readonly kind: 'refused'; readonly problem: Hl7Problem };

export type EncodedRecord =
  | { readonly kind: 'record'; readonly output: OutputRecord }
  | { readonly kind: 'refused'; readonly problem: Hl7Problem };

/** What leaves: checked against the JSON Schema of its topic as the sender's mode says, encoded, and not too large. */
export class OutputContract {
  readonly #policy: PipelinePolicy;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  check({ fields }: Hl7Element, record: TypedRecord): ContractVerdict {
    const { sender, route, warnings } = fields;
    if (sender.contract === 'off') {
      return { kind: 'kept', warnings };
    }
    const problem = checkContract(this.#policy.contracts, route, record).problems[0];
    if (problem === undefined) {
      return { kind: 'kept', warnings };
    }
    return sender.contract === 'dead-letter'
      ? { kind: 'refused', problem }
      : { kind: 'kept', warnings: withWarning(warnings, 'W_CONTRACT') };
  }

  encode({ fields }: Hl7Element, record: TypedRecord, warnings: string): EncodedRecord {
    const { topicPrefix, bytesMax } = this.#policy;
    const value = encodeRecord(record);
    if (value.length > bytesMax) {
      return { kind: 'refused', problem: recordTooLarge(value.length, bytesMax) };
    }
    const headers = originHeaders(fields.origin, warnings);
    return { kind: 'record', output: { topic: topicOf(topicPrefix, fields.route), key: fields.key, value, headers } };
  }
}

/** JSON may be larger than the message it was made of; the message itself is within the limit. */
function recordTooLarge(bytes: number, bytesMax: number): Hl7Problem {
  const sentence = `The typed record has ${bytes} bytes, more than the limit of ${bytesMax}.`;
  return { code: 'E_TOO_LARGE', stage: 'contract', position: 0, sentence };
}
