import { invariant } from '../../shared/invariant.ts';
import type { Committable } from '../../shared/connector/sink.ts';
import { isTopicFolder } from './sink-spec.ts';

/** A finished part that waits for its name. Names are below the sink's path: the committer may run on another host. */
export interface FileCommittable {
  readonly topic: string;
  readonly temporary: string;
  readonly final: string;
  /** The length of the finished part. */
  readonly bytes: number;
}

export function encodeFileCommittable({ topic, temporary, final, bytes }: FileCommittable): Committable {
  return JSON.stringify({ topic, temporary, final, bytes });
}

/** Checks the names as well: what came over the wire decides what is renamed. */
export function parseFileCommittable(committable: Committable): FileCommittable {
  const json: unknown = JSON.parse(committable);
  invariant(typeof json === 'object' && json !== null, 'a committable of the file sink is not an object');
  const name = (field: string): string => {
    const value: unknown = Reflect.get(json, field);
    invariant(
      typeof value === 'string' && !/[/\\\0]/.test(value),
      `a committable of the file sink has no valid ${field}`,
    );
    return value;
  };
  const bytes: unknown = Reflect.get(json, 'bytes');
  invariant(Number.isSafeInteger(bytes) && typeof bytes === 'number', 'a committable of the file sink has no length');
  const part = { topic: name('topic'), temporary: name('temporary'), final: name('final'), bytes };
  invariant(isTopicFolder(part.topic), 'a committable of the file sink names a topic that is no folder name');
  return part;
}
