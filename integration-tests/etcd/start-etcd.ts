import type { TestContext } from 'vitest';
import { TcpRelay } from '../harness/tcp-relay.ts';
import { EtcdUnderTest } from './etcd-under-test.ts';

/** An etcd of this test's own, gone when the test is over. `options`: etcd's own variables. */
export async function startEtcd(
  { onTestFinished }: TestContext,
  options: NodeJS.ProcessEnv = {},
): Promise<EtcdUnderTest> {
  const etcd = await EtcdUnderTest.start(options);
  onTestFinished(async () => await etcd.wipe());
  return etcd;
}

/** A network of this test's own before an etcd. */
export async function relayTo({ endpoint }: EtcdUnderTest, { onTestFinished }: TestContext): Promise<TcpRelay> {
  const relay = await TcpRelay.open(endpoint);
  onTestFinished(async () => await relay.close());
  return relay;
}
