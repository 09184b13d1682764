import { Server, ServerCredentials } from '@grpc/grpc-js';
import { StreamError } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import { channelOptionsFor } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { adminHandlers } from './grpc-admin-server.ts';
import type { AdminServerDeps } from './grpc-admin-server.ts';
import { controlHandlers } from './grpc-control-server.ts';
import { directoryHandlers } from './grpc-directory-server.ts';
import { whileLeading } from './grpc-standby-wire.ts';
import type { LeadingHandlers } from './grpc-standby-wire.ts';

export interface CoordinatorServerOptions {
  /** On which it listens. */
  readonly host: string;
  readonly port: number;
  /** Under which others reach it. */
  readonly advertisedHost: string;
  /** After so long without a sign of life from whoever dialled, its connection is broken. */
  readonly silenceMs: number;
  /** The leader, while that is not this coordinator. Never rejects. */
  readonly findLeader: () => Promise<Leader | undefined>;
}

/** What the server needs to know of the leadership. */
export interface ServedLeadership {
  readonly epoch: LeaderEpoch;
  readonly sinceMs: number;
  readonly isProven: () => boolean;
}

/** The services of a coordinator on one port. Until it leads, all but the directory answer that it does not. */
export interface CoordinatorServer {
  /** host:port, as others reach it. */
  readonly address: string;
  /** From now on all services answer. */
  lead(deps: Omit<AdminServerDeps, 'leader'>, leadership: ServedLeadership): void;
  /** Accepts nothing more, and breaks every stream: task managers notice at once and look for the next leader. */
  close(): void;
}

/** @throws StreamError `coordinator-port-unavailable` */
export async function openCoordinatorServer(options: CoordinatorServerOptions): Promise<CoordinatorServer> {
  const { host, port, advertisedHost, silenceMs, findLeader } = options;
  const server = new Server(channelOptionsFor(silenceMs));
  let leading: { readonly control: LeadingHandlers; readonly admin: LeadingHandlers } | undefined;
  let own: Leader | undefined;
  let isProven: () => boolean = () => false;
  const addressOfLeader = async (): Promise<string | undefined> => (await findLeader())?.address;
  const { Control, Admin, Directory } = protos.nerve.v1;
  server.addService(
    Control.service,
    whileLeading(Control.service, () => leading?.control, addressOfLeader),
  );
  server.addService(
    Admin.service,
    whileLeading(Admin.service, () => leading?.admin, addressOfLeader),
  );
  server.addService(
    Directory.service,
    directoryHandlers({ ownLeadership: () => (isProven() ? own : undefined), findLeader }),
  );
  const address = `${advertisedHost}:${await bind(server, host, port)}`;
  return {
    address,
    lead: (deps, leadership) => {
      own = { address, epoch: leadership.epoch, sinceMs: leadership.sinceMs };
      isProven = leadership.isProven;
      leading = {
        control: { ...controlHandlers(deps) },
        admin: { ...adminHandlers({ ...deps, leader: () => address }) },
      };
    },
    close: () => {
      server.forceShutdown();
    },
  };
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error === null) {
        resolve(boundPort);
        return;
      }
      const failure = {
        code: 'coordinator-port-unavailable',
        reaction: 'fail-job',
        message: `the coordinator cannot listen on ${host}:${port}: ${error.message}`,
        remedy: 'Choose another coordinator.rpc.port, or 0 for any free one; see what listens there already.',
      } as const;
      reject(new StreamError(failure, { cause: error }));
    });
  });
}
