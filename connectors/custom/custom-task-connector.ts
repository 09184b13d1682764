import type { TaskConnector } from '../../shared/connector/connector.ts';
import { invariant } from '../../shared/invariant.ts';
import { isCustomSink } from './sink-spec.ts';
import { isCustomSource } from './source-spec.ts';

/** The task managers' half of connectors that a job module brings along. */
export const customTaskConnector: TaskConnector = {
  createReader: (spec) => {
    invariant(isCustomSource(spec.options), 'a source of connector "custom" was not made by customSource');
    return spec.options.createReader();
  },
  createWriter: (spec) => {
    invariant(isCustomSink(spec.options), 'a sink of connector "custom" was not made by customSink');
    return spec.options.createWriter();
  },
};
