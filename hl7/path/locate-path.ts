import type { Hl7Message } from '../message/hl7-message.ts';
import { compilePath } from './compile-path.ts';
import type { GroupResolver } from './group-resolver.ts';
import type { Path } from './path.ts';

/** Compiles `text` or throws: a path that does not compile is a mistake of the caller, never of a message. */
export function requirePath(text: string): Path {
  const compiled = compilePath(text);
  if (compiled.kind === 'bad-path') {
    throw new TypeError(compiled.sentence);
  }
  return compiled.path;
}

/** The index of the segment that a path names, or -1. Throws when the path has groups and no resolver is given. */
export function locateSegment(message: Hl7Message, path: Path, groups?: GroupResolver): number {
  if (path.groups.length > 0) {
    if (groups === undefined) {
      throw new TypeError('This path names groups: pass a GroupResolver made from the HL7 definitions.');
    }
    return groups.resolveSegment(message, path.groups, path.segment, path.occurrence);
  }
  let segment = -1;
  for (let seen = 0; seen < path.occurrence; seen += 1) {
    segment = message.findSegment(path.segment, segment + 1);
    if (segment < 0) {
      return -1;
    }
  }
  return segment;
}

/** The decoded text at a path, as `Hl7Message.value` gives it; without a field, the whole segment's raw text. */
export function readPath(message: Hl7Message, path: Path, groups?: GroupResolver): string | undefined {
  const segment = locateSegment(message, path, groups);
  if (segment < 0) {
    return undefined;
  }
  if (path.field === undefined) {
    return message.segmentText(segment);
  }
  return message.value(segment, path.field, path.repetition, path.component, path.subcomponent);
}
