import type { OutputRecord, OutputTag, ProcessContext, RuntimeContext, SourceRecord } from '../../index.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { OperatorState } from '../../taskmanager/state/operator-state.ts';
import { CheckContract } from './contract.ts';
import { decodeFrames } from './decode-frames.ts';
import { deadLetters } from './dead-letter.ts';
import { Enrich } from './enrich.ts';
import { Hl7Element } from './hl7-element.ts';
import { Parse } from './parse.ts';
import { KeyedFunctionUnderTest } from '../keyed-function-testing.ts';
import { PartByPatient, patientKeyOf, withoutPatient } from './patient-key.ts';
import { Correlate } from './patient/correlate.ts';
import { patientElementSerializer } from './patient/patient-notice.ts';
import type { PatientElement } from './patient/patient-notice.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { readPolicy } from './read-policy.ts';
import type { PolicyArguments } from './read-policy.ts';
import type { ParsedMessage } from './parse.ts';
import { makeTypedRecord } from './typed-record.ts';
import type { RecordElement } from './typed-record.ts';
import { Validate } from './validate.ts';

export const INGESTED_MS = 1_770_000_000_000;

export const policyArguments: PolicyArguments = {
  facilities: undefined,
  profiles: undefined,
  validateSyntax: 'by-facility',
  validateProfile: 'by-facility',
  validateContract: 'by-facility',
  duplicates: 'by-facility',
  duplicatesWithin: 24,
  encounters: false,
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

/** Runs records through the steps as the job chains them, with fresh state. */
export async function runSteps(
  records: readonly SourceRecord[],
  policy: PipelinePolicy = policyOf(),
): Promise<readonly OutputRecord[]> {
  return await (await PipelineUnderTest.open(policy)).run(records);
}

/** The steps of the job with their state; what concerns a patient crosses the serializer, as between subtasks. */
export class PipelineUnderTest {
  readonly keyed: KeyedFunctionUnderTest<PatientElement, OutputRecord>;
  readonly #policy: PipelinePolicy;
  readonly #steps: ReturnType<typeof openSteps>;

  private constructor(policy: PipelinePolicy, keyed: KeyedFunctionUnderTest<PatientElement, OutputRecord>) {
    this.#policy = policy;
    this.#steps = openSteps(policy);
    this.keyed = keyed;
  }

  static async open(policy: PipelinePolicy = policyOf()): Promise<PipelineUnderTest> {
    const keyed = await KeyedFunctionUnderTest.open(new Correlate(policy), patientKeyOf, INGESTED_MS);
    return new PipelineUnderTest(policy, keyed);
  }

  async run(records: readonly SourceRecord[]): Promise<readonly OutputRecord[]> {
    const out: OutputRecord[] = [];
    for (const record of records) {
      for (const left of this.#runUnkeyed(record)) {
        if (left.kind === 'output') {
          out.push(left.record);
          continue;
        }
        const crossed = patientElementSerializer.decode(Buffer.from(patientElementSerializer.encode(left.element)));
        const outputs = chainTo<OutputRecord>((output) => out.push(output), out);
        await this.keyed.process(crossed, outputs);
      }
    }
    return out;
  }

  #runUnkeyed(record: SourceRecord): readonly LeftUnkeyed[] {
    const { parse, validate, enrich, part, contract } = this.#steps;
    const left: LeftUnkeyed[] = [];
    const out = {
      push: (output: OutputRecord): void => {
        left.push({ kind: 'output', record: output });
      },
    };
    const finish = (element: Hl7Element): void => {
      const toContract = chainTo<RecordElement>((made) => {
        contract.process(made, chainTo(out.push, out));
      }, out);
      makeTypedRecord.process(element, toContract);
    };
    const toKeyed: ProcessContext<PatientElement> = {
      ...chainTo<PatientElement>((element) => left.push({ kind: 'keyed', element }), out),
      sideOutput: (tag, value) => {
        if (tag.id === withoutPatient.id && value instanceof Hl7Element) {
          finish(value);
        }
      },
    };
    const toPart = chainTo<Hl7Element>((element) => {
      part.process(element, toKeyed);
    }, out);
    const toEnrich = chainTo<ParsedMessage>((valid) => {
      enrich.process(valid, toPart);
    }, out);
    const toValidate = chainTo<ParsedMessage>((parsed) => {
      validate.process(parsed, toEnrich);
    }, out);
    for (const frame of decodeFrames(this.#policy.bytesMax)(record)) {
      parse.process(frame, toValidate);
    }
    return left;
  }
}

/** What leaves the steps before the shuffle, in order. */
type LeftUnkeyed =
  | { readonly kind: 'output'; readonly record: OutputRecord }
  | { readonly kind: 'keyed'; readonly element: PatientElement };

function openSteps(policy: PipelinePolicy) {
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
  return { ...steps, part: new PartByPatient(policy) };
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
    operatorState: new OperatorState([]),
  };
}

/** A context whose main output is the next step; dead letters go to `out`. */
export function chainTo<T>(next: (value: T) => void, out: { push(record: OutputRecord): void }): ProcessContext<T> {
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
