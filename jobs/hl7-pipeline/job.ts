import { defineJob } from '../../index.ts';
import { chooseSink, chooseSource, connectionProblems } from './connect.ts';
import { CheckContract } from './contract.ts';
import { deadLetters } from './dead-letter.ts';
import { decodeFrames } from './decode-frames.ts';
import { Enrich } from './enrich.ts';
import { jobArguments } from './job-arguments.ts';
import { Parse } from './parse.ts';
import { PartByPatient, patientKeyOf, withoutPatient } from './patient-key.ts';
import { Correlate } from './patient/correlate.ts';
import { patientElementSerializer } from './patient/patient-notice.ts';
import {
  ofElement,
  ofFrame,
  ofParsed,
  ofPatientElement,
  ofRecordElement,
  ofSourceRecord,
  quarantineOf,
} from './quarantine.ts';
import type { QuarantinedElement } from './quarantine.ts';
import { readPolicy } from './read-policy.ts';
import { routeTopics, topicOf } from './route.ts';
import { makeTypedRecord } from './typed-record.ts';
import { Validate } from './validate.ts';

/**
 * The product's main job: raw HL7 v2 in, typed records out, each message once, to the topic of its type or, with a reason, to
 * the dead letters.
 *
 *   decode → parse → validate → enrich → part ─┬─ by patient → correlate → route  (hl7.adt .oru .orm .dft .mdm .other .encounters)
 *                                              └─ without a patient → record → contract → route  (hl7.other)
 *   what any step refuses, or fails on ────────── dead letters                                   (hl7.dlq)
 */
export const job = defineJob(
  'hl7-pipeline',
  (flow, args) => {
    const read = readPolicy(args);
    for (const problem of [...connectionProblems(args), ...(read.kind === 'invalid' ? read.problems : [])]) {
      flow.problem(problem);
    }
    if (read.kind === 'invalid') {
      return;
    }
    const { policy } = read;
    const keyed = args.keyedParallelism === undefined ? {} : { parallelism: args.keyedParallelism };

    const on = <T>(describe: (element: T) => QuarantinedElement) => ({
      quarantine: quarantineOf(policy.topicPrefix, describe),
    });

    const frames = flow
      .source(chooseSource(args), { uid: 'raw' })
      .flatMap(decodeFrames(policy.bytesMax), { uid: 'decode', ...on(ofSourceRecord) });
    const parsed = frames.process(new Parse(policy), { uid: 'parse', ...on(ofFrame) });
    const valid = parsed.process(new Validate(policy), { uid: 'validate', ...on(ofParsed) });
    const enriched = valid.process(new Enrich(policy), { uid: 'enrich', ...on(ofParsed) });
    const parted = enriched.process(new PartByPatient(policy), {
      uid: 'part',
      serializer: patientElementSerializer,
      ...on(ofElement),
    });

    const records = parted
      .keyBy(patientKeyOf)
      .process(new Correlate(policy), { uid: 'correlate', ...keyed, ...on(ofPatientElement) });
    const topics = routeTopics(policy.topicPrefix);
    const encounters = policy.encounters ? [topicOf(policy.topicPrefix, 'encounters')] : [];
    records.sinkTo(chooseSink(args, [...topics, ...encounters]), { uid: 'route', ...keyed });

    const typed = parted
      .sideOutput(withoutPatient)
      .process(makeTypedRecord, { uid: 'record-without-patient', ...on(ofElement) });
    const others = typed.process(new CheckContract(policy), {
      uid: 'contract-without-patient',
      ...on(ofRecordElement),
    });
    others.sinkTo(chooseSink(args, [topicOf(policy.topicPrefix, 'other')]), { uid: 'route-without-patient' });

    frames
      .sideOutput(deadLetters)
      .union(
        parsed.sideOutput(deadLetters),
        valid.sideOutput(deadLetters),
        enriched.sideOutput(deadLetters),
        parted.sideOutput(deadLetters),
        records.sideOutput(deadLetters),
        typed.sideOutput(deadLetters),
        others.sideOutput(deadLetters),
      )
      .sinkTo(chooseSink(args, [topicOf(policy.topicPrefix, 'dlq')]), { uid: 'dead-letters' });
  },
  { args: jobArguments },
);
