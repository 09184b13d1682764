import type { CommitterContext, SinkCommitter, SinkSpec, SinkWriter } from '../../shared/connector/sink.ts';

/** A sink written in the job's own module: the two halves of the sink port (shared/connector/sink.ts, I1 to I5). */
export interface CustomSinkOptions<T> {
  /** Called in a task manager, once per subtask and attempt. */
  createWriter(): SinkWriter<T>;
  /**
   * Called in the coordinator, at any time and in any process: all that it needs stands in the committables. Left out when what the
   * writer flushed is visible already; such a sink is at-least-once.
   */
  createCommitter?(context: CommitterContext): SinkCommitter;
  /** Names the sink in plans. No secrets. */
  readonly summary: string;
}

export function customSink<T>(options: CustomSinkOptions<T>): SinkSpec<T> {
  return { kind: 'sink', connector: 'custom', options, problems: [], summary: options.summary };
}

export function isCustomSink(options: unknown): options is CustomSinkOptions<unknown> {
  return (
    typeof options === 'object' &&
    options !== null &&
    'createWriter' in options &&
    typeof options.createWriter === 'function'
  );
}
