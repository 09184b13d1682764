import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { grpcAdminClient } from '../../cli/admin/grpc-admin-client.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { parseConfiguration } from '../../shared/config/parse-configuration.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import { GrpcLeaderDirectory } from '../../shared/leader/grpc-leader-directory.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import { MemoryLeaderDirectory } from '../../shared/leader/memory-leader-directory.ts';
import { LEADER_METADATA } from '../../shared/leader/not-leading.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { runCoordinator } from '../main.ts';
import { openCoordinatorServer } from './grpc-coordinator-server.ts';

const call = { deadlineMs: 5_000, signal: new AbortController().signal };
const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

describe('a coordinator that does not lead', () => {
  const elsewhere: Leader = { address: '127.0.0.1:4711', epoch: parseLeaderEpoch(7n), sinceMs: 5 };

  test('refuses what is asked of a leader, and names the one that is', async () => {
    const address = await standby(elsewhere);
    const admin = new protos.nerve.v1.Admin(address, credentials.createInsecure());
    const control = new protos.nerve.v1.Control(address, credentials.createInsecure());
    closing.push(
      () => admin.close(),
      () => control.close(),
    );
    const unary = await new Promise<ServiceError | null>((resolve) => admin.listJobs({}, resolve));
    const stream = await new Promise<ServiceError>((resolve) => control.connect().on('error', resolve));
    const download = await new Promise<ServiceError>((resolve) => {
      control.fetchArtifact({ sha256: '' }).on('error', resolve).resume();
    });

    for (const error of [unary, stream, download]) {
      expect(error?.code).toBe(status.UNAVAILABLE);
      expect(error?.metadata.get(LEADER_METADATA)).toStrictEqual(['127.0.0.1:4711']);
      expect(error?.details).toContain('127.0.0.1:4711 does');
    }
  });

  test('says that it knows of none', async () => {
    const address = await standby(undefined);
    const admin = new protos.nerve.v1.Admin(address, credentials.createInsecure());
    closing.push(() => admin.close());
    const error = await new Promise<ServiceError | null>((resolve) => admin.listJobs({}, resolve));

    expect([error?.code, error?.metadata.get(LEADER_METADATA)]).toStrictEqual([status.UNAVAILABLE, ['']]);
    expect(await directoryOf(address).find(call)).toStrictEqual({ kind: 'nobody' });
  });

  test('points to the leader whoever asks who leads', async () => {
    expect(await directoryOf(await standby(elsewhere)).find(call)).toStrictEqual({ kind: 'leader', leader: elsewhere });
  });
});

describe('a client', () => {
  test('that knows a standby only is served by the leader', async () => {
    const leader = await leading();
    const admin = grpcAdminClient([await standby({ address: leader, epoch: parseLeaderEpoch(7n), sinceMs: 5 })]);
    closing.push(() => {
      admin.close();
    });

    expect(await admin.cluster()).toMatchObject({ leader });
  });

  test('that dialled one that does not lead any more is sent on, and waits for the one that is to come', async () => {
    const leader = await leading();
    const former = await standby(undefined);
    const directory = new MemoryLeaderDirectory(nodeClock, {
      address: former,
      epoch: parseLeaderEpoch(1n),
      sinceMs: 1,
    });
    const admin = grpcAdminClient(directory);
    closing.push(() => {
      admin.close();
    });
    const asked = admin.cluster();
    setTimeout(() => {
      directory.leader = { address: leader, epoch: parseLeaderEpoch(2n), sinceMs: 2 };
    }, 300);

    expect(await asked).toMatchObject({ leader });
  });

  test('is told that nobody leads', async () => {
    const admin = grpcAdminClient([await standby(undefined)], 500);
    closing.push(() => {
      admin.close();
    });

    await expect(admin.list()).rejects.toMatchObject({
      failure: { code: 'coordinator-unreachable', message: 'no coordinator leads.' },
    });
  });
});

async function standby(leader: Leader | undefined): Promise<string> {
  const server = await openCoordinatorServer({
    host: '127.0.0.1',
    port: 0,
    advertisedHost: '127.0.0.1',
    silenceMs: 8_000,
    findLeader: async () => await Promise.resolve(leader),
  });
  closing.push(() => {
    server.close();
  });
  return server.address;
}

function directoryOf(address: string): GrpcLeaderDirectory {
  const directory = new GrpcLeaderDirectory([address], nodeClock);
  closing.push(() => {
    directory.close();
  });
  return directory;
}

/** A coordinator that leads. */
async function leading(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nerve-standby-'));
  const values = { 'coordinator.rpc.port': '0', 'io.tmp.dirs': folder, 'log.level': 'silent' };
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const running = runCoordinator(parsed, stop.signal, { onListening: listening.resolve });
  running.catch(listening.reject);
  closing.push(async () => {
    stop.abort();
    await running;
    rmSync(folder, { recursive: true });
  });
  return await listening.promise;
}
