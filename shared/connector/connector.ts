import type { CommitterContext, SinkCommitter, SinkSpec, SinkWriter } from './sink.ts';
import type { EnumeratorContext, SourceReader, SourceSpec, SplitEnumerator } from './source.ts';

/** A connector's half in the coordinator. Registered by name in the coordinator's wiring. */
export interface CoordinatorConnector {
  createEnumerator(spec: SourceSpec<unknown>, context: EnumeratorContext): SplitEnumerator;
  createCommitter(spec: SinkSpec<unknown>, context: CommitterContext): SinkCommitter;
}

/** A connector's half in a task manager. Registered by name in the task manager's wiring. */
export interface TaskConnector {
  createReader(spec: SourceSpec<unknown>): SourceReader<unknown>;
  createWriter(spec: SinkSpec<unknown>): SinkWriter<unknown>;
}

export type CoordinatorConnectors = ReadonlyMap<string, CoordinatorConnector>;
export type TaskConnectors = ReadonlyMap<string, TaskConnector>;
