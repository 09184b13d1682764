import type { KeyedProcessContext, KeyedProcessFunction, KeyedRuntimeContext, OutputRecord } from '../../../index.ts';
import type { TypedRecord } from '../../../hl7/extract/typed-record.ts';
import type { Hl7Problem } from '../../../hl7/message/problem.ts';
import { DeadLetters } from '../dead-letter.ts';
import type { Hl7Element } from '../hl7-element.ts';
import { originHeaders } from '../origin.ts';
import type { Origin } from '../origin.ts';
import { OutputContract } from '../output-contract.ts';
import type { PipelinePolicy } from '../pipeline-policy.ts';
import { topicOf } from '../route.ts';
import { typedRecordOf } from '../typed-record.ts';
import { withWarning } from '../warning-codes.ts';
import { encounterOf } from './encounter.ts';
import type { EncounterSource } from './encounter.ts';
import { patientEventOf } from './patient-event.ts';
import type { PatientElement, PatientNotice } from './patient-notice.ts';
import { Patients, contextOf } from './patients.ts';
import type { PatientContext, PatientStep } from './patients.ts';
import { Resends } from './resends.ts';

/** A record of an output topic: what the message says, and what is known of its patient. */
interface ContextualRecord extends TypedRecord {
  context?: PatientContext;
}

type Context = KeyedProcessContext<OutputRecord>;
type Counter = ReturnType<KeyedRuntimeContext['metrics']['counter']>;

interface Opened {
  readonly deadLetters: DeadLetters;
  readonly resends: Resends;
  readonly patients: Patients;
  readonly now: () => number;
  readonly dropped: Counter;
  readonly collisions: Counter;
}

/**
 * A patient's messages, in order: each becomes the record of its topic, with what the state knows of the patient, and changes
 * that state.
 *
 * P1  A message that is refused, or that was sent before, changes nothing: a dead letter is corrected and replayed as if it came
 *     for the first time. So the contract is checked here, and the state is written last.
 * P2  Whatever one message does to a key's state happens within one call: it is in a checkpoint whole, or not at all.
 */
export class Correlate implements KeyedProcessFunction<PatientElement, OutputRecord> {
  readonly #policy: PipelinePolicy;
  readonly #contract: OutputContract;
  #opened: Opened | undefined;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
    this.#contract = new OutputContract(policy);
  }

  open(context: KeyedRuntimeContext): void {
    const { metrics, state, now } = context;
    const forgotten = metrics.counter('hl7_open_orders_forgotten');
    this.#opened = {
      deadLetters: new DeadLetters(this.#policy.topicPrefix, context),
      resends: new Resends(state, this.#policy.duplicatesWithinMs),
      patients: new Patients(state, () => {
        forgotten.add();
      }),
      now,
      dropped: metrics.counter('hl7_duplicates_dropped'),
      collisions: metrics.counter('hl7_warnings', { code: 'W_CONTROL_ID_COLLISION' }),
    };
  }

  process(element: PatientElement, context: Context): void {
    if (this.#opened === undefined) {
      return;
    }
    if (element.kind === 'notice') {
      this.#takeNotice(element, this.#opened, context);
    } else {
      this.#takeMessage(element, this.#opened, context);
    }
  }

  #takeMessage(element: Hl7Element, { resends, patients, now, ...opened }: Opened, context: Context): void {
    const record: ContextualRecord = typedRecordOf(element);
    const checked = this.#contract.check(element, record);
    if (checked.kind === 'refused') {
      this.#refuse(element, checked.problem, opened.deadLetters, context);
      return;
    }
    const { origin, sender } = element.fields;
    const { verdict, remember } = resends.judge(element.message, sender.duplicates, now());
    if (verdict.kind === 'resend' && verdict.action === 'dead-letter') {
      this.#refuse(element, SENT_BEFORE, opened.deadLetters, context);
      return;
    }
    if (verdict.kind === 'resend') {
      opened.dropped.add();
      return;
    }
    const step = patients.step(patientEventOf(record, record, origin.receivedMs));
    const known = contextOf(step);
    if (known !== undefined) {
      record.context = known;
    }
    const isCollision = verdict.kind === 'collision';
    const warnings = isCollision ? withWarning(checked.warnings, 'W_CONTROL_ID_COLLISION') : checked.warnings;
    const encoded = this.#contract.encode(element, record, warnings);
    if (encoded.kind === 'refused') {
      this.#refuse(element, encoded.problem, opened.deadLetters, context);
      return;
    }
    opened.collisions.add(isCollision ? 1 : 0);
    if (remember !== undefined) {
      resends.remember(remember);
    }
    patients.commit(step);
    context.emit(encoded.output);
    this.#tellEncounter(step, { source: record, origin, patients }, context);
  }

  #takeNotice({ event, source, origin }: PatientNotice, { patients }: Opened, context: Context): void {
    const step = patients.step(event);
    patients.commit(step);
    this.#tellEncounter(step, { source, origin, patients }, context);
  }

  #tellEncounter(step: PatientStep, about: About, context: Context): void {
    if (!this.#policy.encounters || step.after === step.before) {
      return;
    }
    const encounter = encounterOf(context.currentKey, step, about);
    if (encounter !== undefined) {
      context.emit({
        topic: topicOf(this.#policy.topicPrefix, 'encounters'),
        key: encounter.patient,
        value: Buffer.from(JSON.stringify(encounter), 'utf8'),
        headers: originHeaders(about.origin, ''),
      });
    }
  }

  #refuse({ fields }: Hl7Element, problem: Hl7Problem, deadLetters: DeadLetters, context: Context): void {
    const { bytes, origin, warnings, key } = fields;
    deadLetters.send(context, { bytes, origin, problem, warnings, key });
  }
}

interface About {
  readonly source: EncounterSource;
  readonly origin: Origin;
  readonly patients: Patients;
}

const SENT_BEFORE: Hl7Problem = {
  code: 'E_DUPLICATE',
  stage: 'key',
  position: 0,
  sentence: 'The same message of the same sender, with the same control id and content, was accepted before.',
};
