import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import { StreamError } from '../../shared/failure/failure.ts';
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
  check: async () => await Promise.resolve([]),
  abandon: async () => {
    await Promise.resolve();
  },
  commit: async (committables) => {
    await Promise.resolve();
    if (committables.length > 0) {
      throw new StreamError({
        code: 'custom-sink-without-committer',
        reaction: 'fail-job',
        message: `A custom sink without a committer prepared ${committables.length} committables: nothing can commit them.`,
        remedy: 'Give customSink a createCommitter, or let prepareCommit of its writer return none.',
      });
    }
  },
  close: async () => {
    await Promise.resolve();
  },
};
