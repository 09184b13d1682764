import { expect, test } from 'vitest';
import { acknowledge, editMessage, parseMessage } from './index.ts';
import { MSH } from './message/message-testing.ts';

test('the ten lines of the README do what they say', () => {
  const bytes = Buffer.from(
    `${MSH}\rPID|1||A^^^X~B^^^Y&1.2||DOE^JANE||||||||||||||5\rPV1|1|I|4N^401\rOBX|1|NM|K||7.4\r`,
  );
  const used: (string | undefined)[] = [];

  const result = parseMessage(bytes);
  if (result.kind === 'malformed') {
    throw new Error(result.problem.sentence);
  }
  const { message } = result;
  const name = message.get('PID-5.1');
  const second = message.get('PID-3(2).4.2');
  for (let obx = message.findSegment('OBX'); obx >= 0; obx = message.findSegment('OBX', obx + 1)) {
    used.push(message.value(obx, 5));
  }
  const edited = editMessage(message).set('PV1-3.1', 'ICU').delete('PID-19').addSegment('ZPI', ['a|b']).build();
  const ack = acknowledge(message, { code: 'AA', controlId: 'K-1', sentMs: 0 });

  expect([name, second, used]).toStrictEqual(['DOE', '1.2', ['7.4']]);
  expect(edited.kind === 'built' && edited.message.bytes.toString()).toContain(
    'PV1|1|I|ICU^401\rOBX|1|NM|K||7.4\rZPI|a\\F\\b\r',
  );
  expect(ack.kind === 'acknowledgement' && ack.bytes.toString()).toContain('MSA|AA|C1\r');
});
