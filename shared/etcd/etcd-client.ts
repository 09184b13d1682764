import { rootCertificates } from 'node:tls';
import { noop } from 'cockatiel';
import { Etcd3 } from 'etcd3';
import type { IOptions } from 'etcd3';
import type { EtcdSettings } from './node-etcd-settings.ts';

/**
 * A connection is asked whether it lives after this silence: a server may refuse questions that come more often than every
 * five seconds (`--grpc-keepalive-min-time`).
 */
const KEEPALIVE_MS = 6_000;
const KEEPALIVE_TIMEOUT_MS = 2_000;
/** A page of job records (etcd-job-store.ts) is larger than gRPC's default of 4 MiB. */
const RECEIVED_BYTES_MAX = 64 * 1024 ** 2;

/**
 * A client of etcd3 that does nothing on its own: no retries and no circuit breaker (its default made the first request
 * after a failure wait for seconds), since an answer that is not known must reach the caller as such. Connects lazily.
 */
export function openEtcd({ endpoints, timeoutMs, login, tls }: EtcdSettings): Etcd3 {
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + timeoutMs });
  const options: IOptions = {
    hosts: endpoints.map((endpoint) => `${tls === undefined ? 'http' : 'https'}://${endpoint}`),
    faultHandling: { host: () => noop, global: noop },
    defaultCallOptions: ({ isStream }) => (isStream ? {} : deadline()),
    grpcOptions: {
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc.max_receive_message_length': RECEIVED_BYTES_MAX,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
    ...(login === undefined ? {} : { auth: { ...login, callOptions: deadline } }),
    ...(tls === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: Buffer.from(tls.ca ?? rootCertificates.join('\n')),
            ...(tls.key === undefined ? {} : { privateKey: Buffer.from(tls.key) }),
            ...(tls.cert === undefined ? {} : { certChain: Buffer.from(tls.cert) }),
          },
        }),
  };
  return new Etcd3(options);
}
