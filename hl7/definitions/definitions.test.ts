import { expect, test } from 'vitest';
import type { Hl7Message } from '../message/hl7-message.ts';
import { parseMessage } from '../message/parse-message.ts';
import { definitionsOf, tableValues } from './hl7-definitions.ts';
import { definedVersionOf, definedVersions } from './hl7-version.ts';
import { matchStructure, type GroupInstance } from './match-structure.ts';
import { structureGroupResolver } from './structure-group-resolver.ts';
import { structureName, structureOf } from './structure-of.ts';

test.each([
  ['2.1', '2.1'],
  ['2.0D', '2.1'],
  ['2.3.2', '2.3.1'],
  ['2.7.1', '2.7.1'],
  ['2.8', '2.7.1'],
  ['2.9.1', '2.7.1'],
  ['3.0', '2.7.1'],
  [undefined, '2.7.1'],
])('version %s is read by the definitions of %s', (version, defined) => {
  expect(definedVersionOf(version)).toBe(defined);
});

test('every defined version knows the segments every message needs, their fields and data types', () => {
  for (const version of definedVersions) {
    const definitions = definitionsOf(version);

    expect(definitions.segmentName('MSH')).toMatch(/message header/i);
    expect(definitions.field('MSH', 10)?.name).toMatch(/control id/i);
    expect(definitions.field('PID', 99)).toBeUndefined();
    expect(definitions.segmentName('ZZZ')).toBeUndefined();
  }
  expect(definitionsOf('2.5').component('CX', 5)?.name).toBe('Identifier Type Code');
  expect(definitionsOf('2.5').field('PID', 3)).toMatchObject({
    dataType: 'CX',
    repetitionsMax: undefined,
    usage: 'required',
  });
});

test('names that are properties of every object are no definitions', () => {
  expect(definitionsOf('2.5').segmentName('constructor')).toBeUndefined();
  expect(definitionsOf('2.5').hasStructure('toString')).toBe(false);
});

test('tables have their values, user-defined tables without content none', () => {
  expect(tableValues(1)).toMatchObject({ F: 'Female', M: 'Male' });
  expect(tableValues(99_999)).toBeUndefined();
});

test('the structure is MSH-9.3, else type and event, else what the event table says, else the type', () => {
  const definitions = definitionsOf('2.5');

  expect(structureName(definitions, { type: 'ADT', trigger: 'A08', structure: 'ADT_A01' })).toBe('ADT_A01');
  expect(structureName(definitions, { type: 'ADT', trigger: 'A08', structure: 'ADT_X99' })).toBe('ADT_A08');
  expect(structureName(definitions, { type: 'MDM', trigger: 'T09', structure: undefined })).toBe('MDM_T01');
  expect(structureName(definitions, { type: 'ACK', trigger: 'A01', structure: undefined })).toBe('ACK');
  expect(structureName(definitions, { type: 'ZZZ', trigger: 'Z01', structure: undefined })).toBeUndefined();
});

test('results are laid into their orders, in every version', () => {
  for (const version of ['2.3', '2.4', '2.5.1', '2.7.1', '2.8']) {
    const message = parsed(
      `MSH|^~\\&|L|S|H|S|20260301||ORU^R01|1|P|${version}`,
      'PID|1||7',
      'OBR|1|A',
      'NTE|1||about the order',
      'OBX|1|NM|x',
      'NTE|1||about the value',
      'OBX|2|NM|y',
      'ZOB|1|unknown',
      'OBR|2|B',
      'OBX|1|NM|z',
    );

    expect(layout(message)).toContain('OBR NTE(OBX NTE)(OBX ZOB))');
    expect(layout(message)).toMatch(/\(OBR\(OBX\)\)\)?$/);
  }
});

test('a segment missing that the structure requires does not lose what follows', () => {
  const message = parsed(
    'MSH|^~\\&|L|S|H|S|20260301||ORU^R01|1|P|2.5',
    'PID|1||7',
    'OBX|1|NM|x',
    'OBR|2|B',
    'OBX|1|NM|z',
  );

  expect(layout(message)).toBe('MSH((PID)((OBX))(OBR(OBX)))');
});

test('merges of several patients are repetitions of their group', () => {
  const message = parsed(
    'MSH|^~\\&|L|S|H|S|20260301||ADT^A40|1|P|2.5',
    'EVN|A40',
    'PID|1||7',
    'MRG|8',
    'PID|2||9',
    'MRG|10',
  );

  expect(layout(message)).toBe('MSH EVN(PID MRG)(PID MRG)');
});

test('segments that the structure does not know stay where they stand and are named', () => {
  const message = parsed(
    'MSH|^~\\&|L|S|H|S|20260301||ADT^A01|1|P|2.5',
    'ZIN|1',
    'EVN|A01',
    'PID|1||7',
    'PV1|1|I',
    'OBR|1',
  );
  const structure = structureOf(message);

  expect(structure === undefined ? [] : matchStructure(message, structure).misplaced).toStrictEqual([1, 5]);
});

test('a path with groups finds the segment inside them, at any depth', () => {
  const message = parsed(
    'MSH|^~\\&|L|S|H|S|20260301||ORU^R01^ORU_R01|1|P|2.5',
    'PID|1||7',
    'OBR|1|A',
    'OBX|1|NM|x||11',
    'OBR|2|B',
    'OBX|1|NM|y||21',
    'OBX|2|NM|z||22',
  );
  const get = (path: string): string | undefined => message.get(path, structureGroupResolver);

  expect(get('ORDER_OBSERVATION(2)/OBX(1)-5')).toBe('21');
  expect(get('PATIENT_RESULT/ORDER_OBSERVATION(2)/OBSERVATION(2)/OBX-5')).toBe('22');
  expect(get('ORDER_OBSERVATION(1)/OBX(2)-5')).toBeUndefined();
  expect(get('ORDER_OBSERVATION(3)/OBX-5')).toBeUndefined();
  expect(get('NO_SUCH_GROUP/OBX-5')).toBeUndefined();
});

test('a path with groups finds nothing in a message whose structure is unknown', () => {
  const message = parsed('MSH|^~\\&|L|S|H|S|20260301||ZZZ^Z01|1|P|2.5', 'OBX|1|NM|x||11');

  expect(message.get('ORDER_OBSERVATION/OBX-5', structureGroupResolver)).toBeUndefined();
});

function layout(message: Hl7Message): string {
  const structure = structureOf(message);
  return structure === undefined ? '' : draw(message, matchStructure(message, structure).root);
}

/** Segments of a group in order, then its groups in parentheses. */
function draw(message: Hl7Message, group: GroupInstance): string {
  const segments = group.segments.map((segment) => message.segmentName(segment)).join(' ');
  return segments + group.groups.map((inner) => `(${draw(message, inner)})`).join('');
}

function parsed(...segments: string[]): Hl7Message {
  const result = parseMessage(Buffer.from(segments.join('\r')));
  if (result.kind !== 'parsed') {
    throw new Error(result.problem.sentence);
  }
  return result.message;
}
