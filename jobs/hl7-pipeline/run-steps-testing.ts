import type { OutputRecord, OutputTag, ProcessContext, RuntimeContext, SourceRecord } from '../../index.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { CheckContract } from './contract.ts';
import { decodeFrames } from './decode-frames.ts';
import { deadLetters } from './dead-letter.ts';
import { Enrich } from './enrich.ts';
import { Hl7Element, hl7ElementSerializer } from './hl7-element.ts';
import { Parse } from './parse.ts';
import { partByPatient, withoutPatient } from './patient-key.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { readPolicy } from './read-policy.ts';
import type { PolicyArguments } from './read-policy.ts';
import { makeTypedRecord } from './typed-record.ts';
import { Validate } from './validate.ts';

export const INGESTED_MS = 1_770_000_000_000;

export const policyArguments: PolicyArguments = {
  facilities: undefined,
  profiles: undefined,
  validateSyntax: 'by-facility',
  validateProfile: 'by-facility',
  validateContract: 'by-facility',
  outputPrefix: 'hl7.',
  maxMessageBytes: 20_000_000,
};

export function policyOf(args: Partial<PolicyArguments> = {}): PipelinePolicy {
  const read = readPolicy({ ...policyArguments, ...args });
  if (read.kind === 'invalid') {
    throw new Error(read.problems.join('\n'));
  }
  return read.policy;
}

/** A record as the sources hand it over. */
export function sourceRecord(value: Buffer | string, more: Partial<SourceRecord> = {}): SourceRecord {
  return {
    key: undefined,
    value: typeof value === 'string' ? Buffer.from(value, 'utf8') : value,
    headers: {},
    position: { split: parseSplitId('hl7.raw-3'), partition: 3, offset: 42n, timestampMs: 1_769_999_999_000 },
    ...more,
  };
}

/** Runs records through the steps as the job chains them; messages with a patient cross the serializer, as between subtasks. */
export function runSteps(
  records: readonly SourceRecord[],
  policy: PipelinePolicy = policyOf(),
): readonly OutputRecord[] {
  const out: OutputRecord[] = [];
  const context = runtimeContext();
  const steps = {
    parse: new Parse(policy),
    validate: new Validate(policy),
    enrich: new Enrich(policy),
    contract: new CheckContract(policy),
  };
  Object.values(steps).forEach((step) => {
    step.open(context);
  });
  const finish = (element: Hl7Element): void => {
    makeTypedRecord.process(
      element,
      chainTo((made) => {
        steps.contract.process(
          made,
          chainTo((record) => out.push(record), out),
        );
      }, out),
    );
  };
  const part = (element: Hl7Element): void => {
    partByPatient(element, {
      ...chainTo<Hl7Element>((keyed) => {
        finish(hl7ElementSerializer.decode(Buffer.from(hl7ElementSerializer.encode(keyed))));
      }, out),
      sideOutput: (tag, value) => {
        if (tag.id === withoutPatient.id && value instanceof Hl7Element) {
          finish(value);
        }
      },
    });
  };
  for (const record of records) {
    for (const frame of decodeFrames(policy.bytesMax)(record)) {
      steps.parse.process(
        frame,
        chainTo((parsed) => {
          steps.validate.process(
            parsed,
            chainTo((valid) => {
              steps.enrich.process(valid, chainTo(part, out));
            }, out),
          );
        }, out),
      );
    }
  }
  return out;
}

export function runtimeContext(): RuntimeContext {
  return {
    jobName: 'hl7-pipeline',
    uid: 'step',
    subtask: 0,
    parallelism: 1,
    attempt: 1,
    metrics: new MetricRegistry().group({}),
    logger: silentLogger,
    now: () => INGESTED_MS,
  };
}

/** A context whose main output is the next step; dead letters go to `out`. */
export function chainTo<T>(next: (value: T) => void, out: OutputRecord[]): ProcessContext<T> {
  return {
    emit: next,
    timestamp: undefined,
    sideOutput: <S>(tag: OutputTag<S>, value: S): void => {
      if (tag.id === deadLetters.id) {
        out.push(value as OutputRecord);
      }
    },
  };
}
