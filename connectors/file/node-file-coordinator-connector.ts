import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import { invariant } from '../../shared/invariant.ts';
import { FileCommitter } from './node-file-committer.ts';
import { FileEnumerator } from './node-file-enumerator.ts';
import { isFileSink } from './sink-spec.ts';
import { isFileSource } from './source-spec.ts';

/** The coordinator's half of `file`: finds files, names finished output. */
export const fileCoordinatorConnector: CoordinatorConnector = {
  createEnumerator: (spec, context) => {
    invariant(isFileSource(spec.options), 'a source of connector "file" was not made by fileSource');
    return new FileEnumerator(spec.options, context);
  },
  createCommitter: (spec, context) => {
    invariant(isFileSink(spec.options), 'a sink of connector "file" was not made by fileSink');
    return new FileCommitter(spec.options, context);
  },
};
