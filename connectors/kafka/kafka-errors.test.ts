import { expect, test } from 'vitest';
import { StreamError } from '../../shared/failure/failure.ts';
import { connectionFailure } from './kafka-errors.ts';

const named = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

test.each([
  [
    named('KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED', { code: 'ECONNREFUSED' }),
    'kafka-unreachable',
    'retry',
  ],
  [named('KafkaJSConnectionError', 'Connection error: getaddrinfo ENOTFOUND nowhere'), 'kafka-unreachable', 'retry'],
  [named('KafkaJSRequestTimeoutError', 'Request Fetch timed out'), 'kafka-unreachable', 'retry'],
  [named('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed'), 'kafka-login-refused', 'fail-job'],
  [named('KafkaJSProtocolError', 'x', { type: 'UNSUPPORTED_SASL_MECHANISM' }), 'kafka-login-refused', 'fail-job'],
  [
    named('KafkaJSConnectionError', 'Connection error: x', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'kafka-tls-refused',
    'fail-job',
  ],
  [
    named('KafkaJSConnectionError', 'Connection error: x', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    'kafka-tls-refused',
    'fail-job',
  ],
])('%s is %s and asks for %s', (error, code, reaction) => {
  const failure = connectionFailure(error, ['a:1', 'b:2']);

  expect(failure).toMatchObject({ code, reaction });
  expect(failure.message).toContain('a:1,b:2');
  expect(failure.remedy).toBeTruthy();
});

test('a failure that was told already stays what it is', () => {
  const failure = { code: 'kafka-unknown-topic', reaction: 'fail-job' as const, message: 'm' };

  expect(connectionFailure(new StreamError(failure), [])).toBe(failure);
});
