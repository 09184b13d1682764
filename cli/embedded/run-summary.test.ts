import { expect, test } from 'vitest';
import { renderProgress, renderSummary, summarizeRun } from './run-summary.ts';

const metrics = [
  sample('numRecordsIn', 1000, { vertex: 'raw', operator: 'raw', subtask: '0' }),
  sample('numRecordsIn', 500, { vertex: 'raw', operator: 'raw', subtask: '1' }),
  sample('numRecordsIn', 77, { vertex: 'raw', operator: 'parse', subtask: '1' }),
  sample('records_sent', 900, { topic: 'hl7.oru' }),
  sample('records_sent', 590, { topic: 'hl7.adt' }),
  sample('records_sent', 10, { topic: 'hl7.dlq' }),
  sample('hl7_dead_letters', 3, { reason: 'E_NOT_HL7' }),
  sample('hl7_dead_letters', 7, { reason: 'E_EMPTY' }),
  sample('hl7_duplicates_dropped', 2, { subtask: '0' }),
  sample('hl7_duplicates_dropped', 3, { subtask: '1' }),
];

test('a run is summed up over subtasks, by topic and by reason', () => {
  expect(summarizeRun(metrics, new Set(['raw']))).toStrictEqual({
    recordsIn: 1500,
    byTopic: [
      ['hl7.adt', 590],
      ['hl7.dlq', 10],
      ['hl7.oru', 900],
    ],
    deadLetters: [
      ['E_EMPTY', 7],
      ['E_NOT_HL7', 3],
    ],
    duplicatesDropped: 5,
  });
});

test('progress is one line', () => {
  expect(renderProgress(summarizeRun(metrics, new Set(['raw'])), 750, 2000)).toBe(
    '  2.0 s  1,500 in  750/s  hl7.adt 590  hl7.dlq 10  hl7.oru 900',
  );
});

test('the end is told in tables', () => {
  expect(renderSummary(summarizeRun(metrics, new Set(['raw'])), 2000, { completed: 3, failed: 1 }))
    .toBe(`1,500 records read, 1,500 written in 2.0 s (750/s from the first to the last)
5 that came twice dropped, 3 checkpoints completed, 1 failed

TOPIC    MESSAGES
hl7.adt       590
hl7.dlq        10
hl7.oru       900

DEAD LETTERS BY REASON
E_EMPTY                 7
E_NOT_HL7               3
`);
});

function sample(
  name: string,
  value: number,
  labels: Record<string, string>,
): {
  readonly name: string;
  readonly kind: 'counter';
  readonly value: number;
  readonly labels: Record<string, string>;
} {
  return { name, kind: 'counter', value, labels };
}
