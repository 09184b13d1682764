import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import type { WhoLeadsResponse } from '../../proto/generated/nerve/v1/WhoLeadsResponse.ts';
import { nodeClock } from '../clock/node-clock.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { protos } from '../rpc/grpc-proto.ts';
import { GrpcLeaderDirectory } from './grpc-leader-directory.ts';
import { leaderDirectoryConformance } from './leader-directory.conformance.ts';
import type { DirectoryCall } from './leader-directory.ts';

const call: DirectoryCall = { deadlineMs: 5_000, signal: new AbortController().signal };
const closing: (() => void)[] = [];

afterEach(() => {
  closing.splice(0).forEach((close) => {
    close();
  });
});

leaderDirectoryConformance('a list of coordinators', async () => {
  const standby = await coordinator();
  const other = await coordinator();
  const directory = new GrpcLeaderDirectory([standby.address, other.address], nodeClock);
  let epoch = 0n;
  return {
    directory,
    elect: async (elected) => {
      epoch += 1n;
      standby.says = elected === undefined ? {} : naming(elected.address, epoch, elected.sinceMs);
      return await Promise.resolve(elected && { ...elected, epoch: parseLeaderEpoch(epoch) });
    },
    close: async () => {
      standby.close();
      other.close();
      await Promise.resolve();
    },
  };
});

test('a coordinator that says it leads is taken by the address that was dialled', async () => {
  const leader = await coordinator({ ...naming('0.0.0.0:6123', 3n), leads: true });

  expect(await directoryOf(leader.address).find(call)).toMatchObject({
    leader: { address: leader.address, epoch: 3n },
  });
});

test('who leads comes before whom another names, and of two that claim to lead the later one counts', async () => {
  const outdated = await coordinator(naming('127.0.0.1:9', 9n));
  const frozen = await coordinator({ ...naming('x', 4n), leads: true });
  const leader = await coordinator({ ...naming('x', 5n), leads: true });
  const silent = await coordinator('never');
  const found = await directoryOf(outdated.address, silent.address, leader.address).find(call);
  const ofTwo = directoryOf(frozen.address, leader.address);

  expect(found).toMatchObject({ leader: { address: leader.address } });
  // The quicker one may end the question; asked often enough, both are seen, and none is invented.
  const answers = await Promise.all(Array.from({ length: 10 }, async () => await ofTwo.find(call)));
  expect(answers.every((answer) => answer.kind === 'leader' && answer.leader.epoch >= 4n)).toBe(true);
});

test('one that is frozen does not hold up the answer beyond the deadline', async () => {
  const silent = await coordinator('never');
  const standby = await coordinator({});
  const beganAt = performance.now();
  const asked = directoryOf(silent.address, standby.address).find({ ...call, deadlineMs: 2_000 });

  expect((await asked).kind).toBe('nobody');
  expect(performance.now() - beganAt).toBeLessThan(10_000);
});

test('where no coordinator answers, the addresses are named', async () => {
  const found = await directoryOf('127.0.0.1:1', '127.0.0.1:2').find(call);

  expect(found).toMatchObject({ kind: 'unknown', failure: { code: 'coordinator-unreachable' } });
  expect(JSON.stringify(found)).toContain('127.0.0.1:1, 127.0.0.1:2');
});

function directoryOf(...addresses: string[]): GrpcLeaderDirectory {
  const directory = new GrpcLeaderDirectory(addresses, nodeClock);
  closing.push(() => {
    directory.close();
  });
  return directory;
}

interface AnsweringCoordinator {
  readonly address: string;
  says: WhoLeadsResponse | 'never';
  close(): void;
}

async function coordinator(says: WhoLeadsResponse | 'never' = {}): Promise<AnsweringCoordinator> {
  const server = new Server();
  const state = { says };
  server.addService(protos.nerve.v1.Directory.service, {
    WhoLeads: (_call: unknown, done: (error: null, answer: WhoLeadsResponse) => void) => {
      if (state.says !== 'never') {
        done(null, state.says);
      }
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  const close = (): void => {
    server.forceShutdown();
  };
  closing.push(close);
  return Object.assign(state, { address: `127.0.0.1:${port}`, close });
}

function naming(address: string, epoch: bigint, sinceMs = 1): WhoLeadsResponse {
  return { leads: false, address, leaderEpoch: String(epoch), sinceMs: String(sinceMs) };
}
