import type { Random } from '../../../index.ts';
import { feedFacilities } from './facility.ts';
import type { FeedFacility } from './facility.ts';
import { panels } from './panels.ts';
import type { Panel } from './panels.ts';

/** Encounters that go on at the same time: their messages are interleaved. */
export const LANES = 256;
/** A patient comes back after this many encounters; more than lanes, so that nobody is admitted twice at once. */
const PATIENTS = 5_003;
/** One encounter in so many is late, by up to five minutes. */
const LATE_EVERY = 6;
const DELAY_MS_MAX = 300_000;

export interface FeedPatient {
  readonly mrn: string;
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  readonly street: string;
  readonly city: string;
  readonly phone: string;
  /** A second PID-3 repetition (a social security number), as some senders have it. */
  readonly socialSecurity: string | undefined;
}

/** One stay of one patient, from which each of its messages is made: the story all of them tell. */
export interface Encounter {
  readonly number: number;
  readonly facility: FeedFacility;
  readonly patient: FeedPatient;
  readonly visit: string;
  readonly patientClass: 'I' | 'O' | 'E';
  /** Where the patient lies before and after the transfer. */
  readonly beds: readonly [string, string];
  readonly doctor: string;
  readonly diagnosis: string;
  readonly orders: readonly [FeedOrder, FeedOrder];
  /** How late its messages arrive, all of them: a slow line. So times of one patient are in order, those of the feed are not. */
  readonly delayMs: number;
}

export interface FeedOrder {
  readonly placer: string;
  readonly filler: string;
  readonly panel: Panel;
}

const DOCTORS = [
  '2001^AMADI^GRACE',
  '2002^BERG^HENRIK',
  '2003^CHEN^LILY',
  '2004^DIAZ^MARCO',
  '2005^EKSTROM^NILS',
  '2006^FONTAINE^ODILE',
];
const DIAGNOSES = [
  'I10^Essential hypertension',
  'E11.9^Type 2 diabetes',
  'J18.9^Pneumonia',
  'R07.9^Chest pain',
  'A41.9^Sepsis',
];
const STREETS = ['ELM ST', 'HARBOUR RD', 'STATION AVE', 'MILL LN', 'CHURCH ST'];

/** `randomOf(n)` gives the randomness that belongs to `n` alone: patients and encounters are the same whenever they are asked for. */
export function makeEncounter(number: number, randomOf: (stream: number) => Random): Encounter {
  const who = (number * 7) % PATIENTS;
  const facility = pick(feedFacilities, who % feedFacilities.length);
  const random = randomOf(1_000_000 + number);
  const patientClass = pick(['I', 'O', 'E'] as const, random.below(3));
  return {
    number,
    facility,
    patient: makePatient(who, facility, randomOf(who)),
    visit: `V${600_000 + number}`,
    patientClass,
    beds: [bed(facility, random), bed(facility, random)],
    doctor: pick(DOCTORS, random.below(DOCTORS.length)),
    diagnosis: pick(DIAGNOSES, random.below(DIAGNOSES.length)),
    orders: [order(number, 1, random), order(number, 2, random)],
    delayMs: random.below(LATE_EVERY) === 0 ? random.below(DELAY_MS_MAX) : 0,
  };
}

function makePatient(who: number, facility: FeedFacility, random: Random): FeedPatient {
  const digits = (count: number): string => String(random.below(10 ** count)).padStart(count, '0');
  return {
    mrn: `M${String(100_000 + who)}`,
    family: pick(facility.families, random.below(facility.families.length)),
    given: pick(facility.givens, random.below(facility.givens.length)),
    birthDate: `${1930 + random.below(90)}${two(1 + random.below(12))}${two(1 + random.below(28))}`,
    sex: random.below(2) === 0 ? 'F' : 'M',
    street: `${1 + random.below(980)} ${pick(STREETS, random.below(STREETS.length))}`,
    city: pick(facility.cities, random.below(facility.cities.length)),
    phone: `555-${digits(4)}`,
    socialSecurity: random.below(4) === 0 ? digits(9) : undefined,
  };
}

function bed(facility: FeedFacility, random: Random): string {
  const ward = pick(facility.wards, random.below(facility.wards.length));
  return `${ward}^${100 + random.below(200)}^${pick(['A', 'B'], random.below(2))}^${facility.facility}`;
}

function order(encounter: number, place: number, random: Random): FeedOrder {
  const number = 800_000 + encounter * 2 + place;
  return { placer: `P${number}`, filler: `F${number}`, panel: pick(panels, random.below(panels.length)) };
}

export function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `items` are never empty here; the first stands in for an index beyond them. */
export function pick<T>(items: readonly [T, ...T[]] | readonly T[], index: number): T {
  const item = items[index] ?? items[0];
  if (item === undefined) {
    throw new RangeError('nothing to pick from');
  }
  return item;
}
