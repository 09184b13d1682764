import type { Hl7Message } from '../message/hl7-message.ts';
import type { GroupResolver } from '../path/group-resolver.ts';
import type { GroupStep } from '../path/path.ts';
import { matchStructure, type GroupInstance } from './match-structure.ts';
import { structureOf } from './structure-of.ts';

/**
 * Resolves group paths by the definitions of the message's own version. A step finds its group at any depth below the step before
 * it, so `ORDER_OBSERVATION(2)/OBX(1)-5` needs neither PATIENT_RESULT nor OBSERVATION; occurrences count in message order. The
 * layout of a message is worked out once and kept as long as the message.
 */
export const structureGroupResolver: GroupResolver = {
  resolveSegment(message: Hl7Message, groups: readonly GroupStep[], segment: string, occurrence: number): number {
    let scope = rootOf(message);
    for (const step of groups) {
      scope = scope === undefined ? undefined : nthGroup(scope, step);
    }
    return scope === undefined ? -1 : nthSegment(scope, message, segment, occurrence);
  },
};

const roots = new WeakMap<Hl7Message, GroupInstance>();

function rootOf(message: Hl7Message): GroupInstance | undefined {
  const known = roots.get(message);
  if (known !== undefined) {
    return known;
  }
  const structure = structureOf(message);
  if (structure === undefined) {
    return undefined;
  }
  const { root } = matchStructure(message, structure);
  roots.set(message, root);
  return root;
}

function nthGroup(scope: GroupInstance, step: GroupStep): GroupInstance | undefined {
  let left = step.occurrence;
  for (const group of descendants(scope)) {
    if (group.name === step.name) {
      left -= 1;
      if (left === 0) {
        return group;
      }
    }
  }
  return undefined;
}

function* descendants(scope: GroupInstance): Generator<GroupInstance> {
  for (const group of scope.groups) {
    yield group;
    yield* descendants(group);
  }
}

function nthSegment(scope: GroupInstance, message: Hl7Message, name: string, occurrence: number): number {
  const found: number[] = [];
  for (const group of [scope, ...descendants(scope)]) {
    found.push(...group.segments.filter((segment) => message.segmentName(segment) === name));
  }
  return found.sort((a, b) => a - b)[occurrence - 1] ?? -1;
}
