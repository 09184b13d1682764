// Laying a message's segments into the groups of its structure. Invariants:
// I1 Every segment is placed, in order, and stays where it stands: what the structure does not know (Z segments, extra ones) goes
//    to the group that is open.
// I2 A segment is placed as deep and as early as it fits: first further on in the innermost open group, then in a new repetition
//    of that group, then the same one level out.
// I3 A place that skips no required segment is preferred over one that does; one that does is taken before giving up, because
//    messages with a missing segment still have to be read.
import type { Hl7Message } from '../message/hl7-message.ts';
import type { MessageStructure, StructureElement } from './hl7-definitions.ts';

/** One repetition of a group. The root stands for the message. */
export interface GroupInstance {
  readonly name: string;
  readonly parent: GroupInstance | undefined;
  readonly elements: readonly StructureElement[];
  readonly groups: GroupInstance[];
  /** Indices of the segments that stand directly in it, in order. */
  readonly segments: number[];
  /** How often each element, by its index, has occurred in this repetition. */
  readonly counts: number[];
}

export interface MatchedStructure {
  readonly root: GroupInstance;
  /** Segments that are in the HL7 version's structure nowhere, or no longer at this point: kept, and named here for the profile check. */
  readonly misplaced: readonly number[];
}

interface OpenGroup {
  readonly instance: GroupInstance;
  readonly element: Extract<StructureElement, { kind: 'group' }> | undefined;
  /** Index of the element where the last segment was placed. */
  position: number;
}

/** The way from an open group's elements to a segment: element indices, outermost first. */
type Route = readonly number[];

export function matchStructure(message: Hl7Message, structure: MessageStructure): MatchedStructure {
  const root = newInstance('', undefined, structure.elements);
  const matcher = new Matcher(root);
  for (let segment = 0; segment < message.segmentCount; segment++) {
    matcher.place(segment, message.segmentName(segment));
  }
  return { root, misplaced: matcher.misplaced };
}

class Matcher {
  readonly misplaced: number[] = [];
  readonly #open: OpenGroup[];

  constructor(root: GroupInstance) {
    this.#open = [{ instance: root, element: undefined, position: 0 }];
  }

  place(segment: number, name: string): void {
    if (!this.#tryPlace(segment, name, false) && !this.#tryPlace(segment, name, true)) {
      this.#open.at(-1)?.instance.segments.push(segment);
      this.misplaced.push(segment);
    }
  }

  #tryPlace(segment: number, name: string, skipRequired: boolean): boolean {
    for (let depth = this.#open.length - 1; depth >= 0; depth--) {
      const group = this.#open[depth];
      if (group === undefined) {
        continue;
      }
      const ahead = findAhead(group, name, skipRequired);
      if (ahead !== undefined) {
        this.#open.length = depth + 1;
        this.#enter(group, ahead, segment);
        return true;
      }
      if (this.#tryRepeat(depth, name, segment, skipRequired)) {
        return true;
      }
    }
    return false;
  }

  /** Opens a new repetition of the group at `depth`, when it may repeat and the segment fits into it. */
  #tryRepeat(depth: number, name: string, segment: number, skipRequired: boolean): boolean {
    const group = this.#open[depth];
    const outer = this.#open[depth - 1];
    const element = group?.element;
    if (outer === undefined || element === undefined || (outer.instance.counts[outer.position] ?? 0) >= element.max) {
      return false;
    }
    const route = routeTo(element.elements, name, 0, skipRequired);
    if (route === undefined) {
      return false;
    }
    this.#open.length = depth;
    this.#enter(outer, [outer.position, ...route], segment);
    return true;
  }

  /** Follows a route down, opening the groups on it, and puts the segment at its end. */
  #enter(from: OpenGroup, route: Route, segment: number): void {
    let current = from;
    for (const [step, index] of route.entries()) {
      current.position = index;
      current.instance.counts[index] = (current.instance.counts[index] ?? 0) + 1;
      const element = current.instance.elements[index];
      if (step === route.length - 1 || element?.kind !== 'group') {
        break;
      }
      const instance = newInstance(element.name, current.instance, element.elements);
      current.instance.groups.push(instance);
      current = { instance, element, position: 0 };
      this.#open.push(current);
    }
    current.instance.segments.push(segment);
  }
}

/** From the last place on (again there, if it may repeat), the first element that is or holds the segment. */
function findAhead(group: OpenGroup, name: string, skipRequired: boolean): Route | undefined {
  const { instance, position } = group;
  const here = instance.elements[position];
  if (
    here !== undefined &&
    here.kind !== 'group' &&
    matches(here, name) &&
    (instance.counts[position] ?? 0) < here.max
  ) {
    return [position];
  }
  const isFresh = (instance.counts[position] ?? 0) === 0;
  return routeTo(instance.elements, name, isFresh ? position : position + 1, skipRequired);
}

/** The first way to the segment among `elements` from `from` on. */
function routeTo(
  elements: readonly StructureElement[],
  name: string,
  from: number,
  skipRequired: boolean,
): Route | undefined {
  for (let index = from; index < elements.length; index++) {
    const element = elements[index];
    if (element === undefined) {
      continue;
    }
    if (element.kind === 'group') {
      const inner = routeTo(element.elements, name, 0, skipRequired);
      if (inner !== undefined) {
        return [index, ...inner];
      }
    } else if (matches(element, name)) {
      return [index];
    }
    if (element.min > 0 && !skipRequired) {
      return undefined;
    }
  }
  return undefined;
}

function matches(element: Exclude<StructureElement, { kind: 'group' }>, name: string): boolean {
  return element.kind === 'segment' ? element.name === name : element.segments.includes(name);
}

function newInstance(
  name: string,
  parent: GroupInstance | undefined,
  elements: readonly StructureElement[],
): GroupInstance {
  return { name, parent, elements, groups: [], segments: [], counts: [] };
}
