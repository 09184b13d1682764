import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import { invariant } from '../../shared/invariant.ts';
import { isCustomSink } from './sink-spec.ts';
import { isCustomSource } from './source-spec.ts';

/** The coordinator's half of connectors that a job module brings along. */
export const customCoordinatorConnector: CoordinatorConnector = {
  createEnumerator: (spec, context) => {
    invariant(isCustomSource(spec.options), 'a source of connector "custom" was not made by customSource');
    return spec.options.createEnumerator(context);
  },
  createCommitter: (spec, context) => {
    invariant(isCustomSink(spec.options), 'a sink of connector "custom" was not made by customSink');
    return spec.options.createCommitter?.(context) ?? committerOfNothing;
  },
};

/** For sinks whose writers make their output visible themselves: they return no committables. */
const committerOfNothing: SinkCommitter = {
  commit: async (committables) => {
    invariant(committables.length === 0, 'a sink without a committer returned committables');
    await Promise.resolve();
  },
  close: async () => {
    await Promise.resolve();
  },
};
