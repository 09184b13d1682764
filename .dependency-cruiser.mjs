// The layers of docs/ARCHITECTURE.md as rules. Every one is an error.
const OURS = 'coordinator|taskmanager|connectors|hl7|jobs|cli|integration-tests|bench';
const TEST = '\\.(test|conformance)\\.ts$|-testing\\.ts$|^(integration-tests|bench|scripts)/';

/** Folders of one process in the order of the work: a folder may import those after it, never those before it. */
function sliceOrder(root, slices) {
  return slices.slice(1).map((slice, i) => ({
    name: `${root}-slice-order-${slice}`,
    comment: `${root}/${slice} stands below ${slices.slice(0, i + 1).join(', ')}: declare a port and be handed an implementation.`,
    severity: 'error',
    from: { path: `^${root}/${slice}/`, pathNot: TEST },
    to: { path: `^${root}/(${slices.slice(0, i + 1).join('|')})/` },
  }));
}

const technologies = {
  kafka: { file: 'kafka', packages: 'kafkajs' },
  etcd: { file: 'etcd', packages: 'etcd3' },
  grpc: { file: 'grpc', packages: '@grpc/' },
  minio: { file: 'minio', packages: 'minio' },
  rocksdb: { file: 'rocksdb', packages: 'rocksdb-native' },
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'processes-never-meet',
      severity: 'error',
      from: { path: '^(coordinator|taskmanager)/', pathNot: TEST },
      to: { path: '^(coordinator|taskmanager)/', pathNot: '^$1/' },
    },
    {
      name: 'shared-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/', pathNot: TEST },
      to: { path: `^(${OURS})/|^index\\.ts$` },
    },
    {
      name: 'hl7-stands-alone',
      comment: 'hl7/ has no engine inside: of ours it may import leaf files of shared/ only.',
      severity: 'error',
      from: { path: '^hl7/', pathNot: TEST },
      to: {
        path: '^(coordinator|taskmanager|connectors|jobs|cli)/|^index\\.ts$|^shared/(graph|functions|connector|rpc|config)/',
      },
    },
    {
      name: 'connectors-import-shared-only',
      severity: 'error',
      from: { path: '^connectors/', pathNot: TEST },
      to: { path: '^(coordinator|taskmanager|hl7|jobs|cli)/|^index\\.ts$' },
    },
    {
      name: 'jobs-are-user-code',
      comment: 'A job sees what a user sees: the public API (index.ts) and hl7/.',
      severity: 'error',
      from: { path: '^jobs/', pathNot: TEST },
      to: { path: '^(coordinator|taskmanager|connectors|cli|shared)/' },
    },
    {
      name: 'production-never-imports-tests',
      severity: 'error',
      from: { pathNot: TEST },
      to: { path: '\\.(test|conformance)\\.ts$|-testing\\.ts$|^(integration-tests|bench)/' },
    },
    ...Object.entries(technologies).map(([name, { file, packages }]) => ({
      name: `io-package-${name}-only-in-its-adapters`,
      severity: 'error',
      from: { pathNot: `(^|/)${file}-[^/]+\\.ts$|${TEST}|^node_modules|\\.d\\.ts$` },
      to: { path: `node_modules/${packages}` },
    })),
    {
      name: 'node-io-only-in-adapters',
      severity: 'error',
      from: {
        path: `^(shared|connectors|hl7|coordinator|taskmanager|jobs)/`,
        pathNot: `(^|/)(kafka|etcd|grpc|minio|rocksdb|http|node)-[^/]+\\.ts$|(^|/)[a-z-]*main\\.ts$|(^|/)wiring\\.ts$|${TEST}`,
      },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|fs/promises|net|http|https|http2|dns|child_process|worker_threads|timers|timers/promises|process|tls)$',
      },
    },
    {
      name: 'hl7-standard-only-at-the-edge',
      severity: 'error',
      from: { pathNot: `^hl7/hl7-standard-[^/]+\\.ts$|${TEST}|^node_modules|\\.d\\.ts$` },
      to: { path: 'node_modules/hl7-standard' },
    },
    ...sliceOrder('coordinator', [
      'api',
      'runtime',
      'kernel',
      'jobs',
      'recovery',
      'commits',
      'checkpoints',
      'scheduling',
      'membership',
    ]),
    ...sliceOrder('taskmanager', [
      'control',
      'slots',
      'tasks',
      'snapshots',
      'operators',
      'exchange',
      'input',
      'timers',
      'state',
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|build|docs)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
