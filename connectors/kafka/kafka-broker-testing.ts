import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from './node-free-ports-testing.ts';

const services = fileURLToPath(new URL('../../scripts/services', import.meta.url));
const run = promisify(execFile);

const STORE_PASSWORD = 'test-store';

/** A broker of a test's own, which it may kill, freeze and start again. */
export interface TestBroker {
  readonly brokers: string;
  /** The listener with TLS, and the PEM file of the authority that signed its certificate. */
  readonly tlsBrokers: string;
  readonly caPath: string;
  /** The listener that asks for SASL/PLAIN: user `nerve`, password `test-password`. */
  readonly saslBrokers: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Stops it and deletes its data. */
  dispose(): Promise<void>;
}

/** The broker that all tests share; `npm test` starts it. */
export function sharedBrokers(): string {
  return process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
}

export interface TestBrokerOptions {
  /** Where the plain listener says it is, when that is a port of the test's own. */
  readonly advertisedPort?: number;
  /** More lines of server.properties. */
  readonly properties?: readonly string[];
}

export async function startTestBroker({
  advertisedPort,
  properties = [],
}: TestBrokerOptions = {}): Promise<TestBroker> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nerve-broker-'));
  const [port, controllerPort, saslPort, tlsPort] = await freePorts(4);
  const certificate = await makeCertificate(directory);
  const env = {
    ...process.env,
    SVC_FROM: 'native',
    SVC_RUN: directory,
    KAFKA_PORT: String(port),
    KAFKA_CTRL_PORT: String(controllerPort),
    KAFKA_SASL_PORT: String(saslPort),
    KAFKA_SASL_PASSWORD: 'test-password',
    KAFKA_TLS_PORT: String(tlsPort),
    KAFKA_TLS_KEYSTORE: certificate.keyStore,
    KAFKA_TLS_PASSWORD: STORE_PASSWORD,
    KAFKA_PROPS: [
      ...properties,
      ...(advertisedPort === undefined
        ? []
        : [
            `advertised.listeners=PLAINTEXT://127.0.0.1:${advertisedPort},SASL://127.0.0.1:${saslPort},TLS://127.0.0.1:${tlsPort}`,
          ]),
    ].join('\n'),
    KAFKA_JVM_OPTS: '-Xms128m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
  };
  const call = async (...args: string[]): Promise<void> => {
    await run(services, args, { env });
  };
  const broker: TestBroker = {
    brokers: `127.0.0.1:${port}`,
    saslBrokers: `127.0.0.1:${saslPort}`,
    tlsBrokers: `127.0.0.1:${tlsPort}`,
    caPath: certificate.caPath,
    start: async () => await call('up', 'kafka'),
    kill: async () => await call('kill', 'kafka'),
    freeze: async () => await call('pause', 'kafka'),
    thaw: async () => await call('resume', 'kafka'),
    dispose: async () => {
      await call('kill', 'kafka');
      await rm(directory, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

/** A self-signed certificate for 127.0.0.1, by Java's own tool, which is there wherever a broker can run. */
async function makeCertificate(directory: string): Promise<{ readonly keyStore: string; readonly caPath: string }> {
  const keyStore = path.join(directory, 'broker.p12');
  const caPath = path.join(directory, 'ca.pem');
  const store = ['-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD, '-alias', 'broker'];
  const identity = [
    '-dname',
    'CN=localhost',
    '-ext',
    'san=ip:127.0.0.1',
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-validity',
    '2',
  ];
  await run('keytool', ['-genkeypair', ...store, ...identity]);
  await run('keytool', ['-exportcert', '-rfc', '-file', caPath, ...store]);
  return { keyStore, caPath };
}
