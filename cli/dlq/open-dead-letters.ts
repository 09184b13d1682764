import type { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { usage } from '../terminal/usage-error.ts';
import { matchesFilter, type DeadLetter, type DeadLetterFilter } from './dead-letter.ts';
import { readDeadLetterTopic } from './kafka-dead-letters.ts';
import { readDeadLetterFiles } from './node-file-dead-letters.ts';

/** The options that say which dead letters are meant. */
export interface SourceOptions {
  readonly file?: string;
  readonly topic?: string;
  readonly bootstrap?: string;
  readonly reason?: readonly string[];
  readonly stage?: readonly string[];
}

export function filterOf(options: SourceOptions, places: readonly string[] = []): DeadLetterFilter {
  return { reasons: options.reason ?? [], stages: options.stage ?? [], places };
}

/** The dead letters of `--file` or `--topic` that the filter lets through. */
export async function* openDeadLetters(
  options: SourceOptions,
  filter: DeadLetterFilter,
  connect: () => KafkaAdmin,
  signal: AbortSignal,
): AsyncGenerator<DeadLetter> {
  if ((options.file === undefined) === (options.topic === undefined)) {
    throw usage('Say where the dead letters are: --file or --topic, one of them.', 'Example: --topic hl7.dlq');
  }
  const letters =
    options.file === undefined
      ? readDeadLetterTopic(connect(), options.topic ?? '', signal)
      : readDeadLetterFiles(options.file, signal);
  for await (const letter of letters) {
    if (matchesFilter(letter, filter)) {
      yield letter;
    }
  }
}
