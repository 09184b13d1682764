import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildMessage } from './build-message.ts';
import { editMessage, type MessageEditor } from './edit-message.ts';
import { MSH, parsed } from './message-testing.ts';

const TEXT = `${MSH}\rPID|1||A^^^X^MR~B||DOE^JANE\rNTE|1||note\r`;

describe('edit', () => {
  test('no edit gives the same bytes', () => {
    expect(edited(TEXT, (editor) => editor)).toBe(TEXT);
  });

  test.each([
    ['PID-5.1', 'SMITH', 'PID|1||A^^^X^MR~B||SMITH^JANE'],
    ['PID-5.3', 'M', 'PID|1||A^^^X^MR~B||DOE^JANE^M'],
    ['PID-3(2)', 'C', 'PID|1||A^^^X^MR~C||DOE^JANE'],
    ['PID-3(2).4.2', 'D', 'PID|1||A^^^X^MR~B^^^&D||DOE^JANE'],
    ['PID-3', 'C', 'PID|1||C||DOE^JANE'],
    ['PID-8', 'F', 'PID|1||A^^^X^MR~B||DOE^JANE|||F'],
    ['PID-5.1', 'A|B^C&D~E\\F', 'PID|1||A^^^X^MR~B||A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F^JANE'],
    ['PID-5.1', 'a\r\nb', 'PID|1||A^^^X^MR~B||a\\X0D\\\\X0A\\b^JANE'],
  ])('set %s to %j', (path, value, line) => {
    expect(edited(TEXT, (editor) => editor.set(path, value))).toBe(`${MSH}\r${line}\rNTE|1||note\r`);
  });

  test('set finds what get reads', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.constantFrom('PID-5.1', 'PID-3(3).2', 'PID-9.2.2', 'NTE-3'),
        (value, path) => {
          fc.pre(value !== '""');
          const result = editMessage(parsed(`${TEXT.slice(0, MSH.length)}||||||UNICODE UTF-8${TEXT.slice(MSH.length)}`))
            .set(path, value)
            .build();

          expect(result.kind === 'built' && result.message.get(path)).toBe(value);
        },
      ),
    );
  });

  test('null, delete and empty', () => {
    expect(edited(TEXT, (editor) => editor.setNull('PID-5'))).toContain('||""\r');
    expect(edited(TEXT, (editor) => editor.delete('PID-5.2'))).toContain('DOE^\r');
    expect(edited(TEXT, (editor) => editor.delete('PID-3(1)'))).toContain('PID|1||B||DOE');
    expect(edited(TEXT, (editor) => editor.delete('PID-3'))).toContain('PID|1||||DOE');
    expect(edited(TEXT, (editor) => editor.delete('NTE'))).toBe(TEXT.replace('NTE|1||note\r', ''));
  });

  test('segments are added at the end, before or after', () => {
    expect(edited(TEXT, (editor) => editor.addSegment('ZPI', ['a|b', 'c']))).toBe(`${TEXT}ZPI|a\\F\\b|c\r`);
    expect(edited(TEXT, (editor) => editor.addSegment('EVN', ['A01'], { before: 'PID' }))).toContain('\rEVN|A01\rPID');
    expect(edited(TEXT, (editor) => editor.addSegment('PV1', ['1'], { after: 'PID' }))).toContain('JANE\rPV1|1\rNTE');
  });

  test('a new last segment stands before the end block, in the terminator of its message', () => {
    const text = `\x0b${MSH}\nPID|1\n\x1c\r`;

    expect(edited(text, (editor) => editor.addSegment('NTE', ['1']))).toBe(`\x0b${MSH}\nPID|1\nNTE|1\n\x1c\r`);
  });

  test('MSH fields keep their numbers', () => {
    expect(edited(TEXT, (editor) => editor.set('MSH-10', 'C2').set('MSH-3', 'LAB'))).toBe(
      TEXT.replace('|C1|', '|C2|').replace('|REG|', '|LAB|'),
    );
  });

  test('a value that the character set lacks is refused, with all other refusals', () => {
    const result = editMessage(parsed(`${MSH}||||||8859/1\rPID|1`))
      .set('PID-5.1', '漢')
      .set('PV1-2', 'I')
      .set('MSH-2', '^')
      .set('PID', 'x')
      .set('P', 'x')
      .delete('MSH')
      .build();

    expect(result.kind === 'refused' && result.sentences).toHaveLength(6);
    expect(JSON.stringify(result)).not.toContain('漢');
  });

  test('an edit that would break the message is refused', () => {
    expect(editMessage(parsed(TEXT)).delete('MSH-9').build().kind).toBe('refused');
  });

  test('untouched bytes of a multi-byte set stay, and new ones are in that set', () => {
    const text = Buffer.concat([
      Buffer.from(`${MSH}||||||BIG-5\rPID|1||P||`),
      Buffer.from([0xb3, 0x5c, 0x5e, 0xa5, 0x5c]),
      Buffer.from('\r'),
    ]);
    const result = editMessage(parsed(text)).set('PID-5.2', '蓋').build();

    expect(result.kind === 'built' && result.message.get('PID-5.1')).toBe('許');
    expect(result.kind === 'built' && result.message.get('PID-5.2')).toBe('蓋');
    expect(result.kind === 'built' && result.message.bytes.includes(Buffer.from([0xb3, 0x5c, 0x5e]))).toBe(true);
  });
});

test('a message is built from nothing', () => {
  const result = buildMessage({ type: ['ORU', 'R01', 'ORU_R01'], controlId: 'X|1' })
    .set('MSH-3', 'LAB')
    .addSegment('PID')
    .set('PID-5.1', 'Ångström')
    .build();

  expect(result.kind === 'built' && result.message.bytes.toString()).toBe(
    'MSH|^~\\&|LAB||||||ORU^R01^ORU_R01|X\\F\\1|P|2.5.1||||||UNICODE UTF-8\rPID|||||Ångström\r',
  );
});

function edited(text: string, change: (editor: MessageEditor) => MessageEditor): string {
  const result = change(editMessage(parsed(text))).build();
  if (result.kind === 'refused') {
    throw new Error(result.sentences.join(' '));
  }
  return result.message.bytes.toString();
}
