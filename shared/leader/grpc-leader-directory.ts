import { credentials } from '@grpc/grpc-js';
import type { WhoLeadsResponseDecoded } from '../../proto/generated/nerve/v1/WhoLeadsResponse.ts';
import type { Clock } from '../clock/clock.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { channelOptions } from '../rpc/grpc-options.ts';
import { protos } from '../rpc/grpc-proto.ts';
import type { Leader } from './leader.ts';
import type { DirectoryCall, LeaderAnswer, LeaderDirectory } from './leader-directory.ts';

type Stub = InstanceType<typeof protos.nerve.v1.Directory>;

/**
 * Asks the coordinators themselves, all of a list at once: who says that it leads is taken by the address that was dialled,
 * before anybody to whom another points. Of several that claim to lead (one of them was frozen) the greatest epoch counts.
 */
export class GrpcLeaderDirectory implements LeaderDirectory {
  readonly #addresses: readonly string[];
  readonly #stubs: readonly Stub[];
  readonly #clock: Clock;

  constructor(addresses: readonly string[], clock: Clock) {
    this.#addresses = addresses;
    this.#clock = clock;
    this.#stubs = addresses.map(
      (address) => new protos.nerve.v1.Directory(address, credentials.createInsecure(), channelOptions),
    );
  }

  async find(call: DirectoryCall): Promise<LeaderAnswer> {
    const answers = await this.#askAll(call);
    const leading = answers.filter(({ leads }) => leads);
    const named = leading.length > 0 ? leading : answers.filter(({ leader }) => leader !== undefined);
    const [best] = named.flatMap(({ leader }) => leader ?? []).sort((a, b) => (a.epoch > b.epoch ? -1 : 1));
    if (best !== undefined) {
      return { kind: 'leader', leader: best };
    }
    return answers.length > 0
      ? { kind: 'nobody' }
      : {
          kind: 'unknown',
          failure: {
            code: 'coordinator-unreachable',
            reaction: 'retry',
            message: `no coordinator answers at ${this.#addresses.join(', ')}.`,
            remedy: 'Start one with "nerve coordinator", or say where it is: -D coordinator.rpc.addresses=HOST:PORT.',
          },
        };
  }

  /** Nobody tells: it is asked again. */
  async changed(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(Math.min(ms, ASK_AGAIN_MS), signal);
  }

  close(): void {
    for (const stub of this.#stubs) {
      stub.close();
    }
  }

  /** Ends with the first that leads, or when all have answered, failed or are late. */
  async #askAll(call: DirectoryCall): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    const decided = new AbortController();
    const signal = AbortSignal.any([call.signal, decided.signal]);
    const asked = this.#stubs.map(async (stub, i) => {
      const answer = await ask(stub, this.#addresses[i] ?? '', { ...call, signal });
      if (answer !== undefined) {
        answers.push(answer);
      }
      if (answer?.leads === true) {
        decided.abort();
      }
    });
    await Promise.all(asked);
    return answers;
  }
}

const ASK_AGAIN_MS = 250;

interface Answer {
  readonly leads: boolean;
  readonly leader: Leader | undefined;
}

/** Undefined when it does not answer in time: not there, cut off, or frozen. */
async function ask(stub: Stub, address: string, { deadlineMs, signal }: DirectoryCall): Promise<Answer | undefined> {
  if (signal.aborted) {
    return undefined;
  }
  return await new Promise<Answer | undefined>((resolve) => {
    const cancel = (): void => {
      call.cancel();
    };
    const options = { deadline: Date.now() + deadlineMs };
    const call = stub.whoLeads({}, options, (error, response) => {
      signal.removeEventListener('abort', cancel);
      resolve(error === null && response !== undefined ? answerOf(response, address) : undefined);
    });
    signal.addEventListener('abort', cancel);
  });
}

function answerOf(wire: WhoLeadsResponseDecoded, dialled: string): Answer {
  const { leads, address, leaderEpoch, sinceMs } = wire;
  if (address === '') {
    return { leads: false, leader: undefined };
  }
  const leader = {
    address: leads ? dialled : address,
    epoch: parseLeaderEpoch(BigInt(leaderEpoch)),
    sinceMs: Number(sinceMs),
  };
  return { leads, leader };
}
