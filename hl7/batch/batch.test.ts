import { describe, expect, test } from 'vitest';
import { MSH } from '../message/message-testing.ts';
import { parsePayload } from './parse-payload.ts';
import { splitBatch } from './split-batch.ts';

const FHS = 'FHS|^~\\&|A';
const BHS = 'BHS|^~\\&|A';

describe('split', () => {
  test.each<[string, readonly string[], number, readonly string[]]>([
    ['a whole envelope', [FHS, BHS, MSH, 'PID|1', MSH, 'BTS|2', 'FTS|1'], 2, []],
    ['several messages and no envelope', [MSH, 'PID|1', MSH], 2, []],
    ['a wrong count', [BHS, MSH, 'BTS|4'], 1, ['BTS-1=4 but 1 messages in batch']],
    ['a count that is none', [BHS, MSH, 'BTS|NOVAK'], 1, ['BTS-1 is no number but 1 messages in batch']],
    ['no trailers', [FHS, BHS, MSH], 1, ['FHS without FTS', 'BHS without BTS']],
    ['no headers', [MSH, 'BTS|1', 'FTS|0'], 1, ['FTS without FHS', 'no BHS', '0 BHS but 1 BTS']],
    [
      'segments outside any message',
      [BHS, 'PID|1', 'some text', MSH, 'BTS|1'],
      1,
      ['segment outside any message: PID', 'segment outside any message: ?'],
    ],
    ['no message at all', [FHS, 'FTS'], 0, ['no BHS']],
  ])('%s', (_, lines, count, warnings) => {
    const split = splitBatch(Buffer.from(lines.join('\r')));

    expect(split.kind).toBe('batch');
    expect(split.kind === 'batch' && split.members).toHaveLength(count);
    expect(split.kind === 'batch' && split.warnings.map((warning) => warning.sentence)).toStrictEqual(warnings);
  });

  test('a single message, and what is none, are left alone', () => {
    expect(splitBatch(Buffer.from(`${MSH}\rPID|1`)).kind).toBe('single');
    expect(splitBatch(Buffer.from('{}')).kind).toBe('single');
  });

  test('a member is exactly the bytes from its MSH to the next header', () => {
    const payload = Buffer.from(`${BHS}\r\n${MSH}\r\nPID|1\r\n\r\n${MSH}\r\nPID|2\r\nBTS|2\r\n`);
    const split = splitBatch(payload);

    expect(split.kind === 'batch' && split.members.map((member) => member.bytes.toString())).toStrictEqual([
      `${MSH}\r\nPID|1\r\n\r\n`,
      `${MSH}\r\nPID|2\r\n`,
    ]);
    expect(split.kind === 'batch' && split.members[0]?.bytes.buffer).toBe(payload.buffer);
  });
});

test('one bad member never sinks the batch', () => {
  const payload = parsePayload(Buffer.from([BHS, MSH, 'garbage', MSH, 'PID|1', 'MSH|^^^^|x', MSH, 'BTS|4'].join('\r')));

  expect(
    payload.kind === 'batch' &&
      payload.members.map((member) => (member.result.kind === 'parsed' ? 'parsed' : member.result.problem.code)),
  ).toStrictEqual(['E_BAD_SEGMENT', 'parsed', 'E_BAD_DELIMITERS', 'parsed']);
});

test('a single message is parsed as it is', () => {
  expect(parsePayload(Buffer.from(MSH))).toMatchObject({ kind: 'single', result: { kind: 'parsed' } });
  expect(parsePayload(Buffer.from('x'))).toMatchObject({ kind: 'single', result: { kind: 'malformed' } });
});

test('a UTF-16 batch is split too', () => {
  const payload = parsePayload(Buffer.from(`\ufeff${MSH}\rPID|1||Ř\r${MSH}`, 'utf16le'));

  expect(payload.kind === 'batch' && payload.members).toHaveLength(2);
});
