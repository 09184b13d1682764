import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PatientEvent, VisitFacts } from './patient-event.ts';
import { isSameForOthers, nextVisit } from './visit.ts';
import type { Visit } from './visit.ts';

const WARD_A = { pointOfCare: 'A', bed: '1' };
const WARD_B = { pointOfCare: 'B', bed: '2' };
const V1: VisitFacts = { id: '|V1', number: { id: 'V1' } };
const V2: VisitFacts = { id: '|V2', number: { id: 'V2' } };

type Told = readonly [trigger: string, facts?: VisitFacts, at?: number];

/** What a sequence of ADT messages leaves, and what HL7 chapter 3 says about it. */
const TABLE: readonly (readonly [name: string, told: readonly Told[], left: Partial<Visit> | undefined])[] = [
  [
    'A01 admits',
    [['A01', { ...V1, class: 'I', location: WARD_A }]],
    { status: 'admitted', id: '|V1', class: 'I', location: WARD_A, admittedAt: time(0) },
  ],
  [
    'A01 takes the time that PV1-44 gives',
    [['A01', { ...V1, admittedAt: '2026-01-01' }]],
    { admittedAt: '2026-01-01' },
  ],
  ['A04 registers', [['A04', { ...V1, class: 'O' }]], { status: 'registered', class: 'O', admittedAt: undefined }],
  [
    'A04 does not send an inpatient home',
    [
      ['A01', V1],
      ['A04', V1],
    ],
    { status: 'admitted' },
  ],
  ['A05 expects', [['A05', { ...V1, location: WARD_A }]], { status: 'expected' }],
  [
    'A05 of another visit does not end one that is under way',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A05', V2],
    ],
    { status: 'admitted', id: '|V1', location: WARD_A },
  ],
  [
    'A06 makes an outpatient an inpatient',
    [
      ['A04', V1],
      ['A06', { ...V1, class: 'I' }],
    ],
    { status: 'admitted', class: 'I', admittedAt: time(1) },
  ],
  [
    'A07 makes an inpatient an outpatient',
    [
      ['A01', V1],
      ['A07', { ...V1, class: 'O' }],
    ],
    { status: 'registered', class: 'O' },
  ],
  [
    'A02 moves',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A02', { ...V1, location: WARD_B }],
    ],
    { status: 'admitted', location: WARD_B },
  ],
  [
    'A02 says where a patient is whose admission was not seen',
    [['A02', { ...V1, location: WARD_B }]],
    { status: 'unknown', location: WARD_B },
  ],
  [
    'A02 of a visit that is newer begins it',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A02', { ...V2, location: WARD_B }],
    ],
    { status: 'unknown', id: '|V2', location: WARD_B },
  ],
  [
    'A17 swaps: each patient is told its new bed',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A17', { ...V1, location: WARD_B }],
    ],
    { status: 'admitted', location: WARD_B },
  ],
  [
    'A03 discharges, and the patient is nowhere',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A03', { ...V1, location: WARD_A }],
    ],
    { status: 'discharged', location: undefined, dischargedAt: time(1) },
  ],
  [
    'A03 takes the time that PV1-45 gives',
    [
      ['A01', V1],
      ['A03', { ...V1, dischargedAt: '2026-01-03' }],
    ],
    { dischargedAt: '2026-01-03' },
  ],
  [
    'A03 twice keeps the first time',
    [
      ['A01', V1],
      ['A03', V1],
      ['A03', V1],
    ],
    { dischargedAt: time(1) },
  ],
  [
    'A03 of another visit ends that one, not this',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A03', V2],
    ],
    { status: 'admitted', id: '|V1', location: WARD_A },
  ],
  ['A03 of a patient never seen is remembered', [['A03', V1]], { status: 'discharged', id: '|V1' }],
  [
    'A08 updates',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A08', { ...V1, class: 'I', location: WARD_B }],
    ],
    { status: 'admitted', class: 'I', location: WARD_B },
  ],
  [
    'A08 of another visit changes nothing',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A08', { ...V2, location: WARD_B }],
    ],
    { id: '|V1', location: WARD_A },
  ],
  [
    'A08 does not bring back who has left',
    [
      ['A01', V1],
      ['A03', V1],
      ['A08', { ...V1, location: WARD_B }],
    ],
    { status: 'discharged', location: undefined },
  ],
  [
    'A08 alone says where a patient is, not how',
    [['A08', { ...V1, location: WARD_A }]],
    { status: 'unknown', location: WARD_A },
  ],
  ['A08 without a place says nothing of a patient never seen', [['A08', { ...V1, class: 'I' }]], undefined],
  [
    'A08 with the HL7 null deletes the place',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A08', { ...V1, location: null }],
    ],
    { status: 'admitted', location: undefined },
  ],
  [
    'A11 cancels an admission',
    [
      ['A01', V1],
      ['A11', V1],
    ],
    undefined,
  ],
  [
    'A11 of another visit changes nothing',
    [
      ['A01', V1],
      ['A11', V2],
    ],
    { status: 'admitted', id: '|V1' },
  ],
  [
    'A11 after a pre-admission leaves that',
    [
      ['A05', V1],
      ['A01', { ...V1, location: WARD_A }],
      ['A11', V1],
    ],
    { status: 'expected', location: undefined, admittedAt: undefined },
  ],
  [
    'A11 does not undo a discharge',
    [
      ['A01', V1],
      ['A03', V1],
      ['A11', V1],
    ],
    { status: 'discharged' },
  ],
  [
    'A12 takes a transfer back, to the place it names',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A02', { ...V1, location: WARD_B }],
      ['A12', { ...V1, location: WARD_A }],
    ],
    { status: 'admitted', location: WARD_A },
  ],
  [
    'A12 without a place means the one before',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A02', { ...V1, location: WARD_B }],
      ['A12', V1],
    ],
    { location: WARD_A },
  ],
  [
    'A13 takes a discharge back',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A03', V1],
      ['A13', V1],
    ],
    { status: 'admitted', location: WARD_A, dischargedAt: undefined, admittedAt: time(0) },
  ],
  [
    'A13 may name another bed',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A03', V1],
      ['A13', { ...V1, location: WARD_B }],
    ],
    { status: 'admitted', location: WARD_B },
  ],
  [
    'A13 of who has not left changes nothing',
    [
      ['A01', V1],
      ['A13', { ...V1, location: WARD_B }],
    ],
    { status: 'admitted', location: undefined },
  ],
  [
    'A38 cancels a pre-admission',
    [
      ['A05', V1],
      ['A38', V1],
    ],
    undefined,
  ],
  [
    'A38 does not cancel an admission',
    [
      ['A01', V1],
      ['A38', V1],
    ],
    { status: 'admitted' },
  ],
  [
    'a new admission replaces a visit that was never ended',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A01', V2],
    ],
    { status: 'admitted', id: '|V2', location: undefined, admittedAt: time(1) },
  ],
  [
    'a patient comes again',
    [
      ['A01', V1],
      ['A03', V1],
      ['A01', V2],
    ],
    { status: 'admitted', id: '|V2', dischargedAt: undefined, admittedAt: time(2) },
  ],
  [
    'a message without a visit number is about the visit at hand',
    [
      ['A01', V1],
      ['A02', { location: WARD_B }],
    ],
    { id: '|V1', location: WARD_B },
  ],
  [
    'an older message that comes late changes nothing',
    [
      ['A01', { ...V1, location: WARD_A }, 5],
      ['A02', { ...V1, location: WARD_B }, 4],
    ],
    { location: WARD_A },
  ],
  [
    'triggers that are about something else change nothing',
    [
      ['A01', { ...V1, location: WARD_A }],
      ['A31', { location: WARD_B }],
      ['A60', {}],
      ['A40', {}],
    ],
    { status: 'admitted', location: WARD_A },
  ],
];

describe('the visit', () => {
  test.each(TABLE)('%s', (_name, told, left) => {
    const visit = play(told);

    expect(visit === undefined ? undefined : pick(visit, Object.keys(left ?? {}))).toEqual(left);
  });

  test('whatever comes, an older event changes nothing, and what has not changed is the same object', () => {
    fc.assert(
      fc.property(fc.array(anyTold(), { maxLength: 12 }), (told) => {
        let visit: Visit | undefined;
        for (const one of told) {
          const next = nextVisit(visit, eventOf(one, 0));
          if (visit !== undefined && next !== undefined && next !== visit) {
            expect(next.at >= visit.at).toBe(true);
          }
          if (visit !== undefined && time(one[2] ?? 0) < visit.at) {
            expect(next).toBe(visit);
          }
          visit = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('whoever is discharged is nowhere, and has a time of discharge', () => {
    fc.assert(
      fc.property(fc.array(anyTold(), { maxLength: 12 }), (told) => {
        const visit = play(told);

        if (visit?.status === 'discharged') {
          expect(visit.location).toBeUndefined();
          expect(visit.dischargedAt).toBeDefined();
        } else {
          expect(visit?.dischargedAt).toBeUndefined();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a message told twice in a row leaves what it left the first time', () => {
    const repeatable = anyTold().filter(([trigger]) => !['A11', 'A12', 'A13', 'A38'].includes(trigger));
    fc.assert(
      fc.property(fc.array(anyTold(), { maxLength: 8 }), repeatable, (told, last) => {
        const once = play([...told, last]);

        expect(isSameForOthers(nextVisit(once, eventOf(last, 0)), once)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

function play(told: readonly Told[]): Visit | undefined {
  return told.reduce<Visit | undefined>((visit, one, index) => nextVisit(visit, eventOf(one, index)), undefined);
}

function eventOf([trigger, visit, at]: Told, index: number): PatientEvent {
  return { trigger, at: time(at ?? index), visit, orders: [] };
}

function time(minute: number): string {
  return `2026-03-01T08:${String(minute).padStart(2, '0')}:00.000Z`;
}

function pick(visit: Visit, fields: readonly string[]): Partial<Visit> {
  return Object.fromEntries(fields.map((field) => [field, Reflect.get(visit, field) as unknown]));
}

function anyTold(): fc.Arbitrary<Told> {
  const trigger = fc.constantFrom(
    'A01',
    'A02',
    'A03',
    'A04',
    'A05',
    'A06',
    'A07',
    'A08',
    'A11',
    'A12',
    'A13',
    'A17',
    'A38',
  );
  const facts = fc
    .tuple(fc.constantFrom(V1, V2, {}), fc.constantFrom(WARD_A, WARD_B, null, undefined))
    .map(([visit, location]): VisitFacts => ({ ...visit, location }));
  return fc.tuple(trigger, facts, fc.nat(59));
}
