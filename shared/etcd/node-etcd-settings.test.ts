import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Configuration } from '../config/options.ts';
import { parseConfiguration } from '../config/parse-configuration.ts';
import { StreamError } from '../failure/failure.ts';
import { etcdSettings } from './node-etcd-settings.ts';

test('by default etcd is on this machine, without login or TLS, and the cluster is called default', () => {
  expect(etcdSettings(configuration({}))).toStrictEqual({
    endpoints: ['127.0.0.1:2379'],
    timeoutMs: 3_000,
    prefix: '/nerve/default/',
    login: undefined,
    tls: undefined,
  });
});

test('what is set is taken; certificates are read here', () => {
  const ca = join(mkdtempSync(join(tmpdir(), 'nerve-etcd-')), 'ca.pem');
  writeFileSync(ca, 'CERTIFICATE');
  const values = {
    'high-availability.cluster-id': 'hospital-a',
    'high-availability.etcd.endpoints': 'a:1,b:2',
    'high-availability.etcd.username': 'nerve',
    'high-availability.etcd.password': 'secret',
    'high-availability.etcd.tls.ca.path': ca,
  };

  expect(etcdSettings(configuration(values))).toMatchObject({
    endpoints: ['a:1', 'b:2'],
    prefix: '/nerve/hospital-a/',
    login: { username: 'nerve', password: 'secret' },
    tls: { ca: 'CERTIFICATE' },
  });
  expect(etcdSettings(configuration({ 'high-availability.etcd.tls.enabled': 'true' })).tls).toStrictEqual({});
});

test('every contradiction is named at once, and no password', () => {
  const values = {
    'high-availability.etcd.password': 'secret-word',
    'high-availability.etcd.tls.cert.path': '/nowhere.pem',
    'high-availability.etcd.tls.ca.path': '/nowhere-else.pem',
  };
  const failure = failureOf(() => etcdSettings(configuration(values)));

  expect(failure).toMatchObject({ code: 'etcd-configuration', reaction: 'fail-job' });
  expect(JSON.stringify(failure)).toMatch(/username.*\/nowhere-else\.pem.*\/nowhere\.pem/);
  expect(JSON.stringify(failure)).not.toContain('secret-word');
});

function configuration(values: Readonly<Record<string, string>>): Configuration {
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  return parsed.configuration;
}

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof StreamError ? error.failure : error;
  }
}
