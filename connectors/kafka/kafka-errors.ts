import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';

/** Errors that kafkajs throws below the protocol: sockets, TLS, login. */

const TLS_CODES = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH|ERR_OSSL)/;

/** What a failed connection or request to `brokers` means, and what to do about it. */
export function connectionFailure(error: unknown, brokers: readonly string[]): Failure {
  if (error instanceof StreamError) {
    return error.failure;
  }
  if (!(error instanceof Error)) {
    return classifyUnknown(error, 'Kafka');
  }
  const at = brokers.join(',');
  const { code, type } = detailsOf(error);
  if (error.name === 'KafkaJSSASLAuthenticationError' || type.includes('SASL')) {
    return {
      code: 'kafka-login-refused',
      reaction: 'fail-job',
      message: `Kafka at ${at} refused the login (${type === '' ? 'SASL authentication failed' : type}).`,
      remedy:
        'Check kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password, and that this listener uses SASL.',
    };
  }
  if (TLS_CODES.test(code)) {
    return {
      code: 'kafka-tls-refused',
      reaction: 'fail-job',
      message: `No TLS connection to Kafka at ${at} (${code}).`,
      remedy: "Check kafka.ssl.ca.path, the names in the broker's certificate, and that this listener uses TLS.",
    };
  }
  return {
    code: 'kafka-unreachable',
    reaction: 'retry',
    message: `Kafka at ${at} does not answer (${code === '' ? error.name : code}).`,
    remedy:
      'Check the addresses in kafka.bootstrap.servers, that the brokers run, and that this listener asks for no TLS or login that is not configured.',
  };
}

function detailsOf(error: Error): { readonly code: string; readonly type: string } {
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? String(error.code) : '';
  const type = 'type' in error && typeof error.type === 'string' ? error.type : '';
  // kafkajs keeps the socket's code only in the text of some errors.
  const named =
    code === '' ? (/\b(E[A-Z]{4,}|CERT_[A-Z_]+|DEPTH_ZERO_[A-Z_]+)\b/.exec(error.message)?.[1] ?? '') : code;
  return { code: named, type };
}
