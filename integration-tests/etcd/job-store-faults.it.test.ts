import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { EtcdElection } from '../../coordinator/election/etcd-election.ts';
import { EtcdJobStore } from '../../coordinator/job-store/etcd-job-store.ts';
import type { JobStoreCall, JobTransaction } from '../../coordinator/job-store/job-store.ts';
import { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import { EtcdLeaderDirectory } from '../../shared/leader/etcd-leader-directory.ts';
import { formatLeaderRecord } from '../../shared/leader/leader-record-wire.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { eventually } from '../harness/eventually.ts';
import type { TcpRelay } from '../harness/tcp-relay.ts';
import type { EtcdUnderTest } from './etcd-under-test.ts';
import { relayTo, startEtcd } from './start-etcd.ts';

const call: JobStoreCall = { deadlineMs: 1_000, signal: new AbortController().signal };
const patient: JobStoreCall = { ...call, deadlineMs: 10_000 };

describe.concurrent('job records in etcd', () => {
  test('of which the answer was lost are done when the same is written again, and were written once', async (context) => {
    const { expect } = context;
    const { etcd, relay, store, epoch } = await startBehindRelay(context);
    relay.block('answers');
    const first = await store.transact(putting('pointer 1', 0n, epoch), call);
    const { kvs } = await etcd.client().kv.range({ key: Buffer.from('/nerve/test/jobs/a/pointer') });
    relay.block('nothing');
    const again = await untilDefinite(store, putting('pointer 1', 0n, epoch));

    expect(first.kind).toBe('ambiguous');
    expect(again).toStrictEqual({ kind: 'done', revision: BigInt(kvs[0]?.mod_revision ?? 0) });
    expect(kvs[0]?.version).toBe('1');
  });

  test('that are written late, when another leads already, change nothing', async (context) => {
    const { expect } = context;
    const { etcd, relay, store, epoch } = await startBehindRelay(context);
    relay.block('requests');
    const first = await store.transact(putting('of the old leader', 0n, epoch), call);
    const next = await lead(etcd);
    const other = storeOf(context, etcd.settings());
    const written = await other.transact(putting('of the new leader', 0n, next), patient);
    relay.block('nothing');
    const again = await untilDefinite(store, putting('of the old leader', 0n, epoch));

    expect([first.kind, written.kind, again.kind]).toStrictEqual(['ambiguous', 'done', 'fenced']);
    expect((await other.load(patient)).map(({ value }) => value)).toStrictEqual(['of the new leader']);
  });

  test('of which a late copy lands behind the repeated one are written once', async (context) => {
    const { expect } = context;
    const { etcd, relay, store, epoch } = await startBehindRelay(context);
    relay.block('requests');
    const first = await store.transact(putting('one', 0n, epoch), call);
    // The same process over another connection, while the first copy is still under way.
    const direct = storeOf(context, etcd.settings());
    const again = await direct.transact(putting('one', 0n, epoch), patient);
    const revision = again.kind === 'done' ? again.revision : 0n;
    const next = await direct.transact(putting('two', revision, epoch), patient);
    relay.block('nothing');
    await untilDefinite(store, { epoch, writes: [], compares: [] });

    expect([first.kind, again.kind, next.kind]).toStrictEqual(['ambiguous', 'done', 'done']);
    expect((await direct.load(patient)).map(({ value }) => value)).toStrictEqual(['two']);
  });

  test('name the next leader to a directory of which the watch was broken off, without being asked', async (context) => {
    const { expect } = context;
    const { etcd, relay } = await startBehindRelay(context);
    const directory = new EtcdLeaderDirectory(etcd.settings({ endpoints: [relay.address] }));
    context.onTestFinished(() => {
      directory.close();
    });
    for (const address of ['a:1', 'b:2', 'c:3']) {
      await directory.find(patient);
      await directory.changed(100, patient.signal);
      relay.breakConnections();
      const epoch = await lead(etcd, address);
      const beganAt = performance.now();
      const found = await eventually('the next leader is found', async () => {
        await directory.changed(60_000, patient.signal);
        const answer = await directory.find(patient);
        return answer.kind === 'leader' && answer.leader.epoch === epoch ? answer.leader.address : undefined;
      });

      expect(found).toBe(address);
      expect(performance.now() - beganAt).toBeLessThan(10_000);
    }
  });

  test('survive the death of etcd; while it is away every call ends by its deadline', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context);
    const store = storeOf(context, etcd.settings());
    const epoch = await lead(etcd);
    const done = await store.transact(putting('one', 0n, epoch), patient);
    await etcd.kill();
    const beganAt = performance.now();
    const away = await store.transact(putting('two', done.kind === 'done' ? done.revision : 0n, epoch), call);
    const loaded = await store.load(call).catch((error: unknown) => error);
    const tookMs = performance.now() - beganAt;
    await etcd.up();
    const again = await untilDefinite(store, putting('two', done.kind === 'done' ? done.revision : 0n, epoch));

    expect([away.kind, again.kind]).toStrictEqual(['ambiguous', 'done']);
    expect(loaded).toMatchObject({ failure: { reaction: 'retry' } });
    expect(tookMs).toBeLessThan(8_000);
    expect((await store.load(patient)).map(({ value }) => value)).toStrictEqual(['two']);
  });

  test('are ambiguous by the deadline while etcd is frozen, and definite when it is not', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context);
    const store = storeOf(context, etcd.settings());
    const epoch = await lead(etcd);
    await store.load(patient);
    await etcd.pause();
    const beganAt = performance.now();
    const frozen = await store.transact(putting('one', 0n, epoch), call);
    const tookMs = performance.now() - beganAt;
    await etcd.resume();
    const again = await untilDefinite(store, putting('one', 0n, epoch));

    expect([frozen.kind, again.kind]).toStrictEqual(['ambiguous', 'done']);
    expect(tookMs).toBeLessThan(5_000);
  });

  test('that etcd has no space for are refused, and were not written', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context, { ETCD_QUOTA_BACKEND_BYTES: String(16 * 1024 ** 2) });
    const store = storeOf(context, etcd.settings());
    const epoch = await lead(etcd);
    let revision = 0n;
    let last = await store.transact(putting('begin', revision, epoch), patient);
    for (let i = 0; i < 60 && last.kind === 'done'; i += 1) {
      revision = last.revision;
      last = await store.transact(putting(`${i} ${'x'.repeat(1_000_000)}`, revision, epoch), patient);
    }

    expect(last).toMatchObject({ kind: 'refused', failure: { code: 'etcd-out-of-space' } });
    expect(await store.load(patient)).toMatchObject([{ revision }]);
  });

  test('are loaded whole while etcd compacts all that is past', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context);
    const store = storeOf(context, etcd.settings());
    const epoch = await lead(etcd);
    for (let i = 0; i < 100; i += 1) {
      const key = { kind: 'job', jobId: parseJobId(`j${i}`) } as const;
      await store.transact({ epoch, writes: [{ key, value: 'v', revision: 0n }], compares: [] }, patient);
    }
    const client = etcd.client();
    const over = new AbortController();
    const compacting = (async () => {
      for (let i = 0; !over.signal.aborted; i += 1) {
        const { header } = await client.put('/elsewhere').value(i);
        await client.kv.compact({ revision: header.revision });
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })();
    for (let i = 0; i < 30; i += 1) {
      expect(await store.load(patient)).toHaveLength(100);
    }
    over.abort();
    await compacting;
    client.close();
  });

  test('need the right login where etcd wants one, and go on when etcd has forgotten its tokens', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context);
    const login = { username: 'root', password: 'a secret of this test' };
    const client = etcd.client();
    await client.user('root').create(login.password);
    await client.role('root').create();
    await client.user('root').addRole('root');
    await client.auth.authEnable();
    client.close();
    const store = storeOf(context, etcd.settings({ login }));
    const wrong = storeOf(context, etcd.settings({ login: { ...login, password: 'wrong' } }));
    const none = storeOf(context, etcd.settings());
    const election = new EtcdElection({
      etcd: etcd.settings({ login }),
      leaseMs: 12_000,
      address: 'a:1',
      logger: silentLogger,
    });
    context.onTestFinished(async () => await election.close());
    const leadership = await election.campaign(call.signal);
    const epoch = leadership?.epoch ?? parseLeaderEpoch(1n);

    for (const refused of [wrong, none]) {
      const answer = await refused.transact(putting('one', 0n, epoch), patient);
      expect(answer).toMatchObject({ kind: 'refused', failure: { reaction: 'fail-job' } });
      expect(JSON.stringify(answer)).not.toContain('wrong');
    }
    const first = await store.transact(putting('one', 0n, epoch), patient);
    await etcd.kill();
    await etcd.up();
    const revision = first.kind === 'done' ? first.revision : 0n;
    expect(await untilDefinite(store, putting('two', revision, epoch))).toMatchObject({ kind: 'done' });
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    expect(leadership?.isProven()).toBe(true);
  });

  test('go over TLS with a client certificate; a server that another authority signed is not trusted', async (context) => {
    const { expect } = context;
    const etcd = await startEtcd(context);
    const certificates = makeCertificates(context);
    const { ca, cert, key } = certificates;
    const server = createServer({ ca, cert, key, requestCert: true, ALPNProtocols: ['h2'] }, (near) => {
      const [host = '', port = ''] = etcd.endpoint.split(':');
      const far = connect(Number(port), host);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.onTestFinished(() => {
      server.close();
    });
    const endpoints = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
    const epoch = await lead(etcd);

    const trusted = storeOf(context, etcd.settings({ endpoints, tls: { ca, cert, key } }));
    expect(await trusted.transact(putting('one', 0n, epoch), patient)).toMatchObject({ kind: 'done' });
    const untrusting = storeOf(context, etcd.settings({ endpoints, tls: { cert, key } }));
    expect(await untrusting.transact(putting('two', 0n, epoch), call)).toMatchObject({ kind: 'ambiguous' });
    const anonymous = storeOf(context, etcd.settings({ endpoints, tls: { ca } }));
    expect(await anonymous.transact(putting('two', 0n, epoch), call)).toMatchObject({ kind: 'ambiguous' });
  });
});

async function startBehindRelay(
  context: TestContext,
): Promise<{ etcd: EtcdUnderTest; relay: TcpRelay; store: EtcdJobStore; epoch: LeaderEpoch }> {
  const etcd = await startEtcd(context);
  const relay = await relayTo(etcd, context);
  const store = storeOf(context, etcd.settings({ endpoints: [relay.address] }));
  // The connection is there: what is cut off is a request, not its beginning.
  await store.load(patient);
  return { etcd, relay, store, epoch: await lead(etcd) };
}

function storeOf({ onTestFinished }: TestContext, settings: EtcdSettings): EtcdJobStore {
  const store = new EtcdJobStore(new EtcdMembers(settings));
  onTestFinished(async () => await store.close());
  return store;
}

/** Somebody leads from now on; nobody did with a greater epoch. */
async function lead(etcd: EtcdUnderTest, address = 'a:1'): Promise<LeaderEpoch> {
  const client = etcd.client();
  await client.delete().key('/nerve/test/leader');
  const { header } = await client.put('/nerve/test/leader').value(formatLeaderRecord({ id: 'x', address, sinceMs: 1 }));
  client.close();
  return parseLeaderEpoch(BigInt(header.revision));
}

function putting(value: string, revision: bigint, epoch: LeaderEpoch): JobTransaction {
  return { epoch, writes: [{ key: { kind: 'pointer', jobId: parseJobId('a') }, value, revision }], compares: [] };
}

/** What the writer of records does. */
async function untilDefinite(
  store: EtcdJobStore,
  transaction: JobTransaction,
): Promise<Awaited<ReturnType<EtcdJobStore['transact']>>> {
  return await eventually('a definite answer', async () => {
    const answer = await store.transact(transaction, call);
    return answer.kind === 'ambiguous' ? undefined : answer;
  });
}

/** One authority, and one certificate for both sides. */
function makeCertificates({ onTestFinished }: TestContext): { ca: string; cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nerve-etcd-tls-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const extension = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl(
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2'.split(
      ' ',
    ),
  );
  openssl(
    ...'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.csr -subj /CN=etcd'.split(
      ' ',
    ),
    ...extension,
  );
  openssl(
    ...'x509 -req -in cert.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -out cert.pem -days 2'.split(
      ' ',
    ),
  );
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
