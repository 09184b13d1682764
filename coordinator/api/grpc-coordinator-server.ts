import { Server, ServerCredentials } from '@grpc/grpc-js';
import { StreamError } from '../../shared/failure/failure.ts';
import { channelOptions } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { adminHandlers } from './grpc-admin-server.ts';
import type { AdminServerDeps } from './grpc-admin-server.ts';
import { controlHandlers } from './grpc-control-server.ts';

export interface CoordinatorServer {
  /** host:port */
  readonly address: string;
  /** Accepts nothing more, and breaks every stream: task managers notice at once and look for the next leader. */
  close(): void;
}

/**
 * Both services on one port.
 * @throws StreamError `coordinator-port-unavailable`
 */
export async function openCoordinatorServer(
  host: string,
  port: number,
  deps: Omit<AdminServerDeps, 'leader'>,
): Promise<CoordinatorServer> {
  const server = new Server(channelOptions);
  const bound = { address: `${host}:${port}` };
  server.addService(protos.nerve.v1.Control.service, controlHandlers(deps));
  server.addService(protos.nerve.v1.Admin.service, adminHandlers({ ...deps, leader: () => bound.address }));
  bound.address = `${host}:${await bind(server, host, port)}`;
  return {
    address: bound.address,
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
