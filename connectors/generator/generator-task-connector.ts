import type { TaskConnector } from '../../shared/connector/connector.ts';
import { InvariantViolation, invariant } from '../../shared/invariant.ts';
import { GeneratorReader } from './generator-reader.ts';
import { isGeneratorSource } from './source-spec.ts';

/** The task managers' half of `generator`, which is a source only. */
export const generatorTaskConnector: TaskConnector = {
  createReader: (spec) => {
    invariant(isGeneratorSource(spec.options), 'a source of connector "generator" was not made by generatorSource');
    return new GeneratorReader(spec.options);
  },
  createWriter: () => {
    throw new InvariantViolation('the connector "generator" has no sink');
  },
};
