import type { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';

/** What the outputs hold of the input, found by the `src` header that every output record carries. */
export interface Lineage {
  readonly input: number;
  readonly byTopic: Readonly<Record<string, number>>;
  /** Input records that are in no output. */
  readonly lost: number;
  /** Output records whose source is in an earlier output record. */
  readonly duplicates: number;
  /** Keys whose records of one input partition left in another order than they came (duplicates apart). */
  readonly disorderedKeys: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Reads outputs whole and compares them with the input, record by record. */
export async function traceLineage(
  admin: KafkaAdmin,
  inputTopic: string,
  outputTopics: readonly string[],
): Promise<Lineage> {
  const signal = AbortSignal.timeout(120_000);
  const ends = await admin.endOffsets(inputTopic, signal);
  const seen = new Set<string>();
  const lastOffsetOf = new Map<string, number>();
  const disordered = new Set<string>();
  const byTopic: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  let duplicates = 0;
  for await (const record of admin.read({ topics: outputTopics, startFrom: 'earliest' }, signal)) {
    const topic = record.position.split.replace(/-\d+$/, '');
    const [partition = '', offset = ''] = textOf(record.headers['src']).split(':');
    const source = `${partition}:${offset}:${textOf(record.headers['srcIndex'])}`;
    byTopic[topic] = (byTopic[topic] ?? 0) + 1;
    if (topic.endsWith('dlq')) {
      const reason = textOf(record.headers['reason']);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    if (seen.has(source)) {
      duplicates += 1;
      continue;
    }
    seen.add(source);
    if (record.key !== undefined) {
      const lane = `${topic}|${partition}|${record.key.toString()}`;
      if ((lastOffsetOf.get(lane) ?? -1) > Number(offset)) {
        disordered.add(lane);
      }
      lastOffsetOf.set(lane, Number(offset));
    }
  }
  const sources = new Set([...seen].map((source) => source.split(':', 2).join(':')));
  const input = ends.reduce((sum, end) => sum + Number(end), 0);
  return { input, byTopic, lost: input - sources.size, duplicates, disorderedKeys: disordered.size, reasons };
}

function textOf(header: string | Buffer | undefined): string {
  return header?.toString() ?? '';
}
