import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { sharedBrokers } from '../../connectors/kafka/kafka-broker-testing.ts';
import { newTopic, settingsOf } from '../../connectors/kafka/kafka-harness-testing.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { runCli, type CliRun } from '../hl7/memory-cli-testing.ts';
import { registerDlqCommands } from './dlq-commands.ts';

test('dead letters of a topic are listed, and replayed to the input topic once, with their bytes and keys', async () => {
  const signal = AbortSignal.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), 'nerve-dlq-it-'));
  const admin = new KafkaAdmin(settingsOf(sharedBrokers()), silentLogger);
  const dlq = newTopic('dlq');
  const raw = newTopic('raw');
  try {
    await admin.createTopics(
      [
        { topic: dlq, partitions: 2 },
        { topic: raw, partitions: 1 },
      ],
      signal,
    );
    const bytes = Buffer.from([0x4d, 0x53, 0x48, 0x00, 0xff, 0x0d]);
    const letters = Array.from({ length: 250 }, (_, i) => ({
      topic: dlq,
      key: `k${i}`,
      value: Buffer.concat([bytes, Buffer.from(String(i))]),
      headers: { src: `0:${i}:1`, reason: i % 2 === 0 ? 'E_CHARSET' : 'E_NOT_HL7', stage: 'parse', detail: 'd' },
    }));
    await admin.produce(letters, signal);
    const replay = [
      'replay',
      '--topic',
      dlq,
      '--to',
      raw,
      '--reason',
      'E_CHARSET',
      '--ledger',
      join(directory, 'ledger'),
    ];

    const listed = await nerve('list', '--topic', dlq);
    const first = await nerve(...replay);
    const second = await nerve(...replay);

    expect(listed.out).toMatch(/parse E_CHARSET +125/);
    expect(first.out).toContain('125 sent');
    expect(second.out).toContain('125 were sent by an earlier run');
    const sent: string[] = [];
    for await (const { key, value, headers } of admin.read({ topic: raw }, signal)) {
      sent.push(`${key?.toString() ?? ''} ${value.toString('hex')} ${String(headers['replayOf'])}`);
    }
    const expected = letters
      .filter((_, i) => i % 2 === 0)
      .map(({ key, value, headers }) => `${key} ${value.toString('hex')} ${headers.src}`);
    expect(sent.sort()).toStrictEqual(expected.sort());
  } finally {
    await admin.deleteTopics([dlq, raw], signal);
    await admin.close();
    rmSync(directory, { recursive: true });
  }
});

async function nerve(...args: string[]): Promise<CliRun> {
  return await runCli(registerDlqCommands, ['dlq', ...args, '--bootstrap', sharedBrokers()]);
}
