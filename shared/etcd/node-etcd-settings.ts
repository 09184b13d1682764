import { readFileSync } from 'node:fs';
import type { Configuration } from '../config/options.ts';
import { StreamError } from '../failure/failure.ts';

/** How etcd is reached. Plain data: it is handed to worker threads too. */
export interface EtcdSettings {
  /** host:port */
  readonly endpoints: readonly string[];
  /** For one request. */
  readonly timeoutMs: number;
  /** Everything of a cluster stands below `/nerve/<cluster-id>/`. */
  readonly prefix: string;
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** Texts of PEM files; an empty object means TLS with the system's certificate authorities. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
}

type Keys = Pick<Configuration, Extract<keyof Configuration, `high-availability.${string}`>>;

/** @throws StreamError `etcd-configuration`, with everything that contradicts itself or cannot be read. */
export function etcdSettings(configuration: Keys): EtcdSettings {
  const problems: string[] = [];
  const { username, password } = loginOf(configuration);
  if ((username === undefined) !== (password === undefined)) {
    problems.push('high-availability.etcd.username and high-availability.etcd.password belong together');
  }
  const tls = tlsOf(configuration, problems);
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    problems.push('high-availability.etcd.tls.cert.path and high-availability.etcd.tls.key.path belong together');
  }
  if (problems.length > 0) {
    throw new StreamError({
      code: 'etcd-configuration',
      reaction: 'fail-job',
      message: problems.join('; '),
      remedy: 'Correct the keys high-availability.etcd.*; "nerve config" lists them.',
    });
  }
  return {
    endpoints: configuration['high-availability.etcd.endpoints'],
    timeoutMs: configuration['high-availability.etcd.timeout'],
    prefix: `/nerve/${configuration['high-availability.cluster-id'] ?? 'default'}/`,
    login: username === undefined || password === undefined ? undefined : { username, password },
    tls,
  };
}

function loginOf(configuration: Keys): { username: string | undefined; password: string | undefined } {
  return {
    username: configuration['high-availability.etcd.username'],
    password: configuration['high-availability.etcd.password'],
  };
}

function tlsOf(configuration: Keys, problems: string[]): EtcdSettings['tls'] {
  const read = (name: 'ca' | 'cert' | 'key'): Record<string, string> => {
    const path = configuration[`high-availability.etcd.tls.${name}.path`];
    if (path === undefined) {
      return {};
    }
    try {
      return { [name]: readFileSync(path, 'utf8') };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      problems.push(`high-availability.etcd.tls.${name}.path: ${path} cannot be read (${code})`);
      return {};
    }
  };
  const files = { ...read('ca'), ...read('cert'), ...read('key') };
  const isWanted = configuration['high-availability.etcd.tls.enabled'] === 'true' || Object.keys(files).length > 0;
  return isWanted ? files : undefined;
}
