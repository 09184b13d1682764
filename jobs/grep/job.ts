import { defineJob, fileSink, fileSource } from '../../index.ts';

/**
 * The smallest useful job: the lines of text files that hold a word.
 *
 *   nerve run jobs/grep/job.ts --input DIR_OR_FILE --output DIR --contains word
 */
export const job = defineJob(
  'grep',
  (flow, args) => {
    const lines = flow.source(
      fileSource({
        path: args.input,
        framing: 'lines',
        deserialize: ({ value, headers, position }) => ({
          text: value.toString('utf8'),
          file: String(headers['file']),
          line: Number(position.offset) + 1,
        }),
      }),
      { uid: 'lines' },
    );
    const found = lines.filter(({ text }) => text.includes(args.contains));
    found.sinkTo(
      fileSink({
        path: args.output,
        serialize: ({ text, file, line }) => ({
          topic: args.topic,
          key: file,
          value: Buffer.from(text, 'utf8'),
          headers: { file, line: String(line) },
        }),
        encoding: () => 'utf8',
      }),
      { uid: 'found' },
    );
  },
  {
    args: {
      input: { type: 'string', description: 'the file or directory to read', default: '.' },
      output: { type: 'string', description: 'the directory to write below', default: 'grep-output' },
      contains: { type: 'string', description: 'the text that a line must hold', default: '' },
      topic: { type: 'string', description: 'the folder of the lines found', default: 'found' },
    },
  },
);
