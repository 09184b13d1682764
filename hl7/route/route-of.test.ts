import { expect, test } from 'vitest';
import { needsPatient, routeOf } from './route-of.ts';

test.each([
  ['ADT', 'adt'],
  ['ORU', 'oru'],
  ['ORM', 'orm'],
  ['DFT', 'dft'],
  ['MDM', 'mdm'],
] as const)('a message of type %s goes to %s and needs a patient', (type, route) => {
  expect(routeOf(type)).toBe(route);
  expect(needsPatient(routeOf(type))).toBe(true);
});

test.each(['ACK', 'QRY', 'SIU', 'adt', 'OUR', '', undefined])(
  'type %s goes to other, which needs no patient',
  (type) => {
    expect(routeOf(type)).toBe('other');
    expect(needsPatient(routeOf(type))).toBe(false);
  },
);
