import { expect, test } from 'vitest';
import {
  brokerRefusal,
  deliveryTimeout,
  noLeader,
  offsetOutOfRange,
  recordTooLarge,
  throwIfRefused,
  unknownTopic,
} from './broker-failures.ts';
import { errorOf } from './error-codes.ts';

test('each failure names what it is about and has a remedy', () => {
  const failures = [
    unknownTopic('t', ['a:1']),
    offsetOutOfRange('t', 3, 77n),
    recordTooLarge('t', 500, undefined),
    recordTooLarge('t', 500, 100),
    noLeader('t', 0, ['a:1']),
    deliveryTimeout('A batch for t-0', 120_000, noLeader('t', 0, ['a:1'])),
    brokerRefusal(29, 'Reading', 't', ['a:1']),
    brokerRefusal(17, 'Reading', 't', ['a:1']),
    brokerRefusal(6, 'Reading', 't', ['a:1']),
  ];

  for (const { message, remedy, code } of failures) {
    expect(message, code).toContain('t');
    expect(remedy, code).toBeTruthy();
  }
});

test('a broker in motion is tried again, a lost sequence costs the attempt, a refusal that will not change ends the job', () => {
  expect(brokerRefusal(6, 'Writing', 't', []).reaction).toBe('retry');
  expect(brokerRefusal(45, 'Writing', 't', []).reaction).toBe('restart-job');
  expect(brokerRefusal(3, 'Writing', 't', []).reaction).toBe('fail-job');
  expect(brokerRefusal(87, 'Writing', 't', []).reaction).toBe('fail-job');
});

test('a code that nobody knows costs the attempt and is told as a number', () => {
  expect(errorOf(9_999)).toStrictEqual({ name: 'error 9999', class: 'fatal' });
});

test('code 0 is no refusal', () => {
  expect(() => {
    throwIfRefused(0, 'Reading', 't', []);
  }).not.toThrow();
  expect(() => {
    throwIfRefused(3, 'Reading', 't', []);
  }).toThrow('does not exist');
});
