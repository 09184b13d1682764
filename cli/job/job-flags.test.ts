import { expect, test } from 'vitest';
import { parseJobFlags } from './job-flags.ts';

const declared = {
  inputTopic: { type: 'string', description: 'topic', default: 'hl7.raw' },
  bounded: { type: 'boolean', description: 'end' },
  facilities: { type: 'file', description: 'registry' },
} as const;

test('reads values behind a space or an equals sign, booleans alone, and files apart', () => {
  expect(parseJobFlags(declared, ['--input-topic', 'a', '--bounded', '--facilities=f.json'])).toStrictEqual({
    kind: 'flags',
    args: { inputTopic: 'a', bounded: 'true' },
    files: new Map([['facilities', 'f.json']]),
  });
});

test('a boolean may be said in full', () => {
  expect(parseJobFlags(declared, ['--bounded', 'false', '--input-topic=b=c'])).toStrictEqual({
    kind: 'flags',
    args: { bounded: 'false', inputTopic: 'b=c' },
    files: new Map(),
  });
});

test('a negative number is a value', () => {
  expect(parseJobFlags({ n: { type: 'number', description: 'n' } }, ['--n', '-5'])).toMatchObject({
    args: { n: '-5' },
  });
});

test('tells every problem at once', () => {
  expect(parseJobFlags(declared, ['--topic', 'a', '--x=1', 'stray', '--input-topic'])).toStrictEqual({
    kind: 'invalid',
    problems: [
      'the job does not know "--topic", "--x", "stray"; it takes --input-topic --bounded --facilities',
      '--input-topic needs a value',
    ],
  });
});
