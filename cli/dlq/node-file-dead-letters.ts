import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { usage } from '../terminal/usage-error.ts';
import type { DeadLetter } from './dead-letter.ts';
import { parseDeadLetterLine } from './dead-letter-wire.ts';

/** The dead letters of a file sink: a part file, or a directory of them (such as `out/hl7.dlq`). One line is held at a time. */
export async function* readDeadLetterFiles(path: string, signal: AbortSignal): AsyncGenerator<DeadLetter> {
  for (const file of filesOf(path)) {
    const lines = createInterface({ input: createReadStream(file, { signal }), crlfDelay: Infinity });
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') {
        continue;
      }
      const parsed = parseDeadLetterLine(line, `${file}:${number}`);
      if (parsed.kind === 'no-letter') {
        throw usage(
          `${file}:${number} is no dead letter: ${parsed.problem}.`,
          'Give the folder of the dead-letter topic.',
        );
      }
      yield parsed.letter;
    }
  }
}

/** Part files in name order; hidden ones are not yet committed. */
function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) {
      return [path];
    }
    return readdirSync(path)
      .filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw usage(`${path} cannot be read (${code}).`, 'Give a part file of the dead-letter topic or its folder.');
  }
}
