import type { Route } from '../../hl7/route/route-of.ts';

/** The topic of a route, of the dead letters or of the encounters: `hl7.adt`, `hl7.dlq`. */
export function topicOf(prefix: string, route: Route | 'dlq' | 'encounters'): string {
  return prefix + route;
}

/** The topics of all routes. */
export function routeTopics(prefix: string): readonly string[] {
  const routes: readonly Route[] = ['adt', 'oru', 'orm', 'dft', 'mdm', 'other'];
  return routes.map((route) => topicOf(prefix, route));
}
