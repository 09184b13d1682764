import type { TaskConnector } from '../../shared/connector/connector.ts';
import { invariant } from '../../shared/invariant.ts';
import { FileReader } from './node-file-reader.ts';
import { FileWriter } from './node-file-writer.ts';
import { isFileSink } from './sink-spec.ts';
import { isFileSource } from './source-spec.ts';

/** The task managers' half of `file`: reads files, writes output under hidden names. */
export const fileTaskConnector: TaskConnector = {
  createReader: (spec) => {
    invariant(isFileSource(spec.options), 'a source of connector "file" was not made by fileSource');
    return new FileReader(spec.options);
  },
  createWriter: (spec) => {
    invariant(isFileSink(spec.options), 'a sink of connector "file" was not made by fileSink');
    return new FileWriter(spec.options);
  },
};
