import { Metadata, status } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { LEADER_METADATA, notLeading } from '../../shared/leader/not-leading.ts';

/** The services of a coordinator as long as it leads. */
export type LeadingHandlers = Readonly<Record<string, unknown>>;

type Call = ServerUnaryCall<unknown, unknown> &
  ServerWritableStream<unknown, unknown> &
  ServerDuplexStream<unknown, unknown>;
type Handler = (call: Call, done?: sendUnaryData<unknown>) => void;

/**
 * The same service, answered by `leading()` while there is one; otherwise every method answers UNAVAILABLE and says who
 * leads (proto/directory.proto). `findLeader` never rejects.
 */
export function whileLeading(
  service: ServiceDefinition,
  leading: () => LeadingHandlers | undefined,
  findLeader: () => Promise<string | undefined>,
): UntypedServiceImplementation {
  const delegate = (name: string): Handler => {
    return (call, done) => {
      const handler = leading()?.[name] as Handler | undefined;
      if (handler !== undefined) {
        handler(call, done);
        return;
      }
      // It rejects never.
      findLeader().then(
        (leader) => refuse(call, done, leader),
        () => undefined,
      );
    };
  };
  return Object.fromEntries(Object.keys(service).map((name) => [name, delegate(name)])) as UntypedServiceImplementation;
}

function refuse(call: Call, done: sendUnaryData<unknown> | undefined, leader: string | undefined): void {
  const metadata = new Metadata();
  metadata.set(LEADER_METADATA, leader ?? '');
  const error = { code: status.UNAVAILABLE, details: notLeading(leader), metadata };
  if (done === undefined) {
    call.emit('error', error);
  } else {
    done(error);
  }
}
