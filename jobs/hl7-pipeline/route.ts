import type { Route } from '../../hl7/route/route-of.ts';

/** The topic of a route: `hl7.adt`. */
export function topicOf(prefix: string, route: Route): string {
  return prefix + route;
}

/** Every topic the pipeline writes to. */
export function topicsOf(prefix: string): readonly string[] {
  return ['adt', 'oru', 'orm', 'dft', 'mdm', 'other', 'dlq'].map((name) => prefix + name);
}
