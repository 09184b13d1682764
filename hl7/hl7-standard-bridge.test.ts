import HL7 from 'hl7-standard';
import { describe, expect, test } from 'vitest';
import { fromHl7Standard, toHl7Standard, type HandedMessage } from './hl7-standard-bridge.ts';
import { messageOf } from './message/parsed-message-testing.ts';

const MSH = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301080000||ADT^A08^ADT_A01|M-1|P|2.5||||||8859/1';
const PID = 'PID|1||7^^^STJ&1.2.3&ISO^MR~8^^^LAB^PI||DOE^JANE||19800101|F|||1 MAIN ST&APT 2^^BRNO||a&b|x~y||\\F\\';

describe('the package alone', () => {
  test('turns subcomponents into repetitions', () => {
    const hl7 = transformed(`${MSH}\rZZZ|a&b\r`);

    expect(hl7.build()).toContain('ZZZ|a~b');
  });

  test('does not give back what it read: every segment grows a field separator', () => {
    expect(transformed(`${MSH}\rZZZ|1\r`).build()).toMatch(/\r\nZZZ\|1\|/);
  });

  test('ignores the delimiters that MSH declares', () => {
    const hl7 = transformed('MSH|$%?@|A|B\rPID|1||7$$$STJ\r');

    expect(hl7.get('PID.3')).toBe('7$$$STJ');
  });

  test('drops a segment without fields', () => {
    expect(transformed(`${MSH}\rZEM\r`).build()).not.toContain('ZEM');
  });

  test('does not decode escapes', () => {
    expect(transformed(`${MSH}\rZZZ|a\\T\\b\r`).get('ZZZ.1')).toBe('a\\T\\b');
  });

  test('throws on what is no HL7', () => {
    expect(() => {
      new HL7('PID|1').transform();
    }).toThrow();
  });
});

test('an untouched message comes back to the byte', () => {
  const message = messageOf(MSH, PID, 'ZZZ|a&b', 'OBX|1|TX|x||line~line2', 'ZEM');

  expect(takenBack(toHl7Standard(message))).toBe(message.bytes.toString('latin1'));
});

test('a transform changes what it touches and nothing else', () => {
  const handed = toHl7Standard(messageOf(MSH, PID, 'ZZZ|a&b|keep'));

  handed.hl7.set('PID.5.1', 'ROE');
  handed.hl7.set('PID.8', 'M');
  handed.hl7.createSegment('ZNW').set('ZNW.2', 'new');

  expect(takenBack(handed)).toBe(
    `${[MSH, PID.replace('DOE', 'ROE').replace('|F|', '|M|'), 'ZZZ|a&b|keep', 'ZNW||new'].join('\r')}\r`,
  );
});

test('segments may be deleted, inserted and moved', () => {
  const handed = toHl7Standard(messageOf(MSH, PID, 'OBX|1', 'OBX|2', 'NTE|1'));
  const [first] = handed.hl7.getSegments('OBX');
  if (first === undefined) {
    throw new Error('There are two OBX.');
  }

  handed.hl7.createSegmentAfter('ZZZ', first).set('ZZZ.1', 'after');
  handed.hl7.deleteSegment(first);

  expect(takenBack(handed)).toBe(`${[MSH, PID, 'ZZZ|after', 'OBX|2', 'NTE|1'].join('\r')}\r`);
});

test('a touched field keeps subcomponents and repetitions apart', () => {
  const handed = toHl7Standard(messageOf(MSH, PID));

  handed.hl7.set('PID.13', 'c', 0, 1);
  handed.hl7.set('PID.11.3', 'PRAHA');

  expect(takenBack(handed)).toContain('|1 MAIN ST&APT 2^^PRAHA||a&c|');
});

test('a message with other delimiters is handed over in the standard ones, its data escaped', () => {
  const message = messageOf('MSH|$%?@|A|B|C|D|20260301||ADT$A08|1|P|2.5', 'PID|1||7$$$STJ@1.2||A^B?T?C%x');
  const handed = toHl7Standard(message);

  expect(handed.hl7.get('PID.3.1')).toBe('7');
  expect(takenBack(handed)).toBe('MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rPID|1||7^^^STJ&1.2||A\\S\\B\\T\\C~x\r');
});

test('the character set of the message is kept, and one that lacks a character is said', () => {
  const handed = toHl7Standard(messageOf(MSH, PID));

  handed.hl7.set('PID.5.1', 'MÜLLER');
  const kept = fromHl7Standard(handed);
  handed.hl7.set('PID.5.1', '山田');

  expect(kept.kind === 'parsed' ? kept.message.bytes.includes(0xdc) : false).toBe(true);
  expect(fromHl7Standard(handed)).toMatchObject({ kind: 'malformed', problem: { code: 'E_CHARSET' } });
});

function transformed(text: string): HL7 {
  const hl7 = new HL7(text);
  hl7.transform();
  return hl7;
}

function takenBack(handed: HandedMessage): string {
  const result = fromHl7Standard(handed);
  return result.kind === 'parsed' ? result.message.bytes.toString('latin1') : result.problem.sentence;
}
