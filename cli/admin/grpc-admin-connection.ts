import { setTimeout as delay } from 'node:timers/promises';
import { credentials, status } from '@grpc/grpc-js';
import type { requestCallback, ServiceError } from '@grpc/grpc-js';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { required } from '../../shared/invariant.ts';
import type { LeaderAnswer, LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import { LEADER_METADATA } from '../../shared/leader/not-leading.ts';
import { channelOptions } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { FAILURE_METADATA, failureFromMetadata } from '../../shared/wire/failure-wire.ts';

export type AdminStub = InstanceType<typeof protos.nerve.v1.Admin>;
export type Invoke<R> = (client: AdminStub, options: { readonly deadline: number }, done: requestCallback<R>) => void;

/** How long an unreachable coordinator is waited for before a person is told. */
const CONNECT_MS = 5_000;
/** How long an election may take: a leader that was killed holds its lease for a while. */
export const ELECTION_MS = 10_000;
const ASK_AGAIN_MS = 200;

/**
 * The admin service of whoever leads. A coordinator that does not lead says so and has done nothing, so the request is sent to
 * the one that does; while there is none, it is waited for. Any other answer is the answer: a request is never sent twice.
 */
export class GrpcAdminConnection {
  readonly #directory: LeaderDirectory;
  readonly #electionMs: number;
  #dialled: { readonly address: string; readonly stub: AdminStub } | undefined;

  /** Owns the directory. */
  constructor(directory: LeaderDirectory, electionMs: number) {
    this.#directory = directory;
    this.#electionMs = electionMs;
  }

  /** @throws StreamError */
  async call<R>(invoke: Invoke<R>, deadlineMs: number): Promise<R> {
    const giveUpAt = performance.now() + Math.min(deadlineMs, this.#electionMs);
    for (;;) {
      const stub = await this.#leader(giveUpAt);
      try {
        return await this.#invoke(stub, invoke, deadlineMs);
      } catch (error) {
        if (!isNotLeading(error)) {
          throw this.#toStreamError(error, deadlineMs);
        }
        this.#hangUp();
        if (performance.now() > giveUpAt) {
          throw new StreamError(NO_LEADER, { cause: error });
        }
        await delay(ASK_AGAIN_MS);
      }
    }
  }

  close(): void {
    this.#hangUp();
    this.#directory.close();
  }

  /** A connection to the leader; the one that is there, if any. */
  async #leader(giveUpAt: number): Promise<AdminStub> {
    for (;;) {
      if (this.#dialled !== undefined) {
        return this.#dialled.stub;
      }
      const { signal } = new AbortController();
      const found = await this.#directory.find({ deadlineMs: CONNECT_MS, signal });
      if (found.kind === 'leader') {
        const { address } = found.leader;
        const stub = new protos.nerve.v1.Admin(address, credentials.createInsecure(), channelOptions);
        if (await isReady(stub)) {
          this.#dialled = { address, stub };
          return stub;
        }
        stub.close();
      }
      if (found.kind === 'unknown' || performance.now() > giveUpAt) {
        throw new StreamError(failureOf(found));
      }
      await delay(ASK_AGAIN_MS);
    }
  }

  async #invoke<R>(stub: AdminStub, invoke: Invoke<R>, deadlineMs: number): Promise<R> {
    return await new Promise<R>((resolve, reject) => {
      invoke(stub, { deadline: Date.now() + deadlineMs }, (error, value) => {
        if (error === null) {
          resolve(required(value, 'answer of the coordinator'));
        } else {
          reject(error);
        }
      });
    });
  }

  /** The next call looks for the leader anew. */
  #hangUp(): void {
    this.#dialled?.stub.close();
    this.#dialled = undefined;
  }

  #toStreamError(error: unknown, deadlineMs: number): unknown {
    if (!isServiceError(error)) {
      return error;
    }
    const message = error.details;
    const said = failureSaid(error);
    if (said !== undefined) {
      return new StreamError({ ...said, message }, { cause: error });
    }
    switch (error.code) {
      case status.DEADLINE_EXCEEDED:
        return new StreamError(
          {
            code: 'request-failed',
            reaction: 'retry',
            message: `the coordinator did not answer within ${deadlineMs / 1_000} s.`,
            remedy: MAY_COME_TO_PASS,
          },
          { cause: error },
        );
      case status.UNAVAILABLE: {
        const address = this.#dialled?.address ?? '';
        this.#hangUp();
        const failure = unreachable(`the coordinator ${address} went away before it answered`, MAY_COME_TO_PASS);
        return new StreamError(failure, { cause: error });
      }
      default:
        return new StreamError({ code: 'request-failed', reaction: 'fail-job', message }, { cause: error });
    }
  }
}

/** A request that was sent and not answered: whoever repeats a submission blindly has two jobs that do the same. */
const MAY_COME_TO_PASS = 'What was asked may still come to pass: see "nerve list" before you ask again.';

/** What the coordinator itself says of a request that it refused or that failed; undefined: the connection did. */
function failureSaid({ metadata }: ServiceError): Pick<Failure, 'code' | 'reaction'> | undefined {
  const [text] = metadata.get(FAILURE_METADATA);
  return text === undefined ? undefined : failureFromMetadata(text.toString());
}

async function isReady(stub: AdminStub): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    stub.waitForReady(Date.now() + CONNECT_MS, (error) => {
      resolve(error === undefined);
    });
  });
}

function failureOf(found: LeaderAnswer): Failure {
  switch (found.kind) {
    case 'unknown':
      return found.failure;
    case 'leader':
      return unreachable(`the leading coordinator ${found.leader.address} cannot be reached`);
    case 'nobody':
      return NO_LEADER;
  }
}

const START_ONE = 'Start one with "nerve coordinator", or say where it is: -D coordinator.rpc.addresses=HOST:PORT.';

function unreachable(message: string, remedy = START_ONE): Failure {
  return { code: 'coordinator-unreachable', reaction: 'retry', message: `${message}.`, remedy };
}

const NO_LEADER: Failure = {
  code: 'coordinator-unreachable',
  reaction: 'retry',
  message: 'no coordinator leads.',
  remedy:
    'One is elected within seconds if any can reach etcd; "nerve leader" shows it, the coordinators\' logs say more.',
};

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

function isNotLeading(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAVAILABLE && error.metadata.get(LEADER_METADATA).length > 0;
}
