import { quarantineTo } from '../../index.ts';
import type { OutputRecord, Quarantine, SourceRecord } from '../../index.ts';
import { deadLetters } from './dead-letter.ts';
import type { Frame } from './decode-frames.ts';
import type { Hl7Element } from './hl7-element.ts';
import { originHeaders, originOf } from './origin.ts';
import type { Origin } from './origin.ts';
import type { ParsedMessage } from './parse.ts';
import type { PatientElement } from './patient/patient-notice.ts';
import { topicOf } from './route.ts';
import type { RecordElement } from './typed-record.ts';
import { warningCodes } from './warning-codes.ts';

/** What a step's element says of itself when the step fails on it again and again. */
export interface QuarantinedElement {
  /** The raw message; of a notice, which has none, what it says. */
  readonly bytes: Buffer;
  readonly origin: Origin;
  readonly reason: 'E_QUARANTINED' | 'E_QUARANTINED_NOTICE';
  readonly warnings: string;
  readonly key: string | undefined;
}

/**
 * A message on which a step fails attempt after attempt becomes a dead letter, so that those behind it go on. It is known by its
 * place in the input and its bytes; what steps add to it, such as the time at which it came in, is another in each attempt.
 */
export function quarantineOf<T>(topicPrefix: string, describe: (element: T) => QuarantinedElement): Quarantine<T> {
  const topic = topicOf(topicPrefix, 'dlq');
  return quarantineTo<T, OutputRecord>(
    deadLetters,
    ({ record, operator, error, failures, fingerprint }) => {
      const { bytes, origin, reason, warnings, key } = describe(record);
      const detail = `Step ${operator} failed on it in ${failures} attempts: ${error} (fingerprint ${fingerprint}).`;
      const headers = { ...originHeaders(origin, warnings), stage: 'quarantine', reason, detail };
      return { topic, key, value: bytes, headers };
    },
    (record) => {
      const { bytes, origin, reason, key = '' } = describe(record);
      const place = [reason, origin.src, origin.srcIndex ?? '', origin.file ?? '', key].join('\u0000');
      return Buffer.concat([Buffer.from(`${place}\u0000`, 'utf8'), bytes]);
    },
  );
}

const MESSAGE = { reason: 'E_QUARANTINED', warnings: '', key: undefined } as const;

export function ofSourceRecord(record: SourceRecord): QuarantinedElement {
  return { ...MESSAGE, bytes: record.value, origin: originOf(record) };
}

export function ofFrame({ bytes, origin }: Frame): QuarantinedElement {
  return { ...MESSAGE, bytes, origin };
}

export function ofParsed({ bytes, origin, warnings }: ParsedMessage): QuarantinedElement {
  return { ...MESSAGE, bytes, origin, warnings: warningCodes(warnings) };
}

export function ofElement({ fields }: Hl7Element): QuarantinedElement {
  const { bytes, origin, warnings, key } = fields;
  return { ...MESSAGE, bytes, origin, warnings, key };
}

export function ofRecordElement({ element }: RecordElement): QuarantinedElement {
  return ofElement(element);
}

export function ofPatientElement(element: PatientElement): QuarantinedElement {
  if (element.kind === 'message') {
    return ofElement(element);
  }
  const { key, event, origin } = element;
  const bytes = Buffer.from(JSON.stringify({ key, event }), 'utf8');
  return { bytes, origin, reason: 'E_QUARANTINED_NOTICE', warnings: '', key };
}
