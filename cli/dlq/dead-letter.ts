import { createHash } from 'node:crypto';

/** A message that the pipeline refused, as it stands in the dead-letter topic or file. */
export interface DeadLetter {
  /** Where it stands: `topic-partition@offset`, or `file:line`. */
  readonly place: string;
  readonly topic: string;
  readonly key: string | undefined;
  /** `src`, `stage`, `reason`, `detail` and whatever else the pipeline wrote. No patient data. */
  readonly headers: Readonly<Record<string, string>>;
  /** The raw bytes of the refused message, unchanged. Patient data. */
  readonly value: Buffer;
}

/** Which dead letters are meant; what is left out matches all. */
export interface DeadLetterFilter {
  readonly reasons: readonly string[];
  readonly stages: readonly string[];
  /** `place` of single ones. */
  readonly places: readonly string[];
}

export function matchesFilter(letter: DeadLetter, { reasons, stages, places }: DeadLetterFilter): boolean {
  return (
    (reasons.length === 0 || reasons.includes(letter.headers['reason'] ?? '')) &&
    (stages.length === 0 || stages.includes(letter.headers['stage'] ?? '')) &&
    (places.length === 0 || places.includes(letter.place))
  );
}

/**
 * What makes two dead letters the same message for a replay: the input record it came from (`src`, and `srcIndex` within a batch)
 * and its bytes. So a letter that was written twice, or that is read from a copy of the file, is still replayed once; one that
 * failed again after a replay has a new `src` and may be replayed again.
 */
export function replayIdentity({ topic, place, headers, value }: DeadLetter): string {
  const source = headers['src'] === undefined ? place : `${headers['src']}#${headers['srcIndex'] ?? '0'}`;
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 32);
  return `${topic}|${source}|${hash}`;
}
