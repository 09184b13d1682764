import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import { InvariantViolation, invariant } from '../../shared/invariant.ts';
import { GeneratorEnumerator } from './generator-enumerator.ts';
import { isGeneratorSource } from './source-spec.ts';

/** The coordinator's half of `generator`, which is a source only. */
export const generatorCoordinatorConnector: CoordinatorConnector = {
  createEnumerator: (spec, context) => {
    invariant(isGeneratorSource(spec.options), 'a source of connector "generator" was not made by generatorSource');
    return new GeneratorEnumerator(spec.options, context);
  },
  createCommitter: () => {
    throw new InvariantViolation('the connector "generator" has no sink');
  },
};
