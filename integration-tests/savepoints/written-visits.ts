import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../harness/eventually.ts';

/** A job is deployed and writes within seconds, but not on a machine with much else to do. */
const WITHIN_MS = 120_000;

/** One line of the output of integration-tests/jobs/visits-job.ts. */
export interface Visit {
  readonly patient: string;
  readonly visit: number;
}

/** What is visible of the output, of all runs into the folder. */
export function visitsIn(output: string): Visit[] {
  const topic = join(output, 'visits');
  if (!existsSync(topic)) {
    return [];
  }
  return readdirSync(topic)
    .filter((name) => name.startsWith('part-'))
    .flatMap((name) => readFileSync(join(topic, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => {
      const { value } = JSON.parse(line) as { readonly value: string | Visit };
      return typeof value === 'string' ? (JSON.parse(value) as Visit) : value;
    });
}

/** Waits until so many visits are visible. */
export async function seen(output: string, count: number): Promise<Visit[]> {
  return await eventually(
    `${count} visits are written`,
    async () => {
      const visits = await Promise.resolve(visitsIn(output));
      return visits.length >= count ? visits : undefined;
    },
    WITHIN_MS,
  );
}

/** Each patient's visits, in ascending order. */
export function numbersByPatient(visits: readonly Visit[]): ReadonlyMap<string, readonly number[]> {
  const byPatient = Map.groupBy(visits, ({ patient }) => patient);
  return new Map(
    [...byPatient].map(([patient, ofPatient]) => [
      patient,
      ofPatient.map(({ visit }) => visit).toSorted((a, b) => a - b),
    ]),
  );
}

/** True when the numbers are `first`, `first` + 1, … each once. */
export function areConsecutive(numbers: readonly number[], first: number): boolean {
  return numbers.every((number, i) => number === first + i);
}
