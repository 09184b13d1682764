import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestBroker } from '../../connectors/kafka/kafka-broker-testing.ts';
import type { TestBroker } from '../../connectors/kafka/kafka-broker-testing.ts';
import { scenario } from './scenario.ts';

describe('a Kafka broker', () => {
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startTestBroker();
  });

  afterAll(async () => {
    await broker.dispose();
  });

  test('that is killed and started again costs time, and no message', async () => {
    await scenario({ name: 'broker', brokers: broker.brokers }, async (run) => {
      await run.start();

      await broker.kill();
      await broker.start();
      await run.flows('after the broker is back', 120_000);
      expect(run.output.longestPauseMs()).toBeGreaterThan(1_000);
    });
  });

  test('that is frozen for ten seconds costs time, and no message', async () => {
    await scenario({ name: 'broker-frozen', brokers: broker.brokers }, async (run) => {
      await run.start();

      await broker.freeze();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await broker.thaw();
      await run.flows('after the broker woke up', 120_000);
      expect(run.output.longestPauseMs()).toBeGreaterThan(9_000);
    });
  });
});
