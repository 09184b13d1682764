// Generates TypeScript types from proto/*.proto into proto/generated/ (committed, so that a clone type-checks as it is).
// Run with `npm run proto` after a change; a test compares the folder with a fresh generation.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = process.argv[2] ?? join(root, 'proto/generated');
rmSync(out, { recursive: true, force: true });
const files = readdirSync(join(root, 'proto')).filter((name) => name.endsWith('.proto'));
const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
    '--longs=String',
    '--enums=String',
    '--defaults',
    '--arrays',
    '--objects',
    '--oneofs',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.ts',
    '--inputTemplate=%s',
    '--outputTemplate=%sDecoded',
    `--includeDirs=${join(root, 'proto')}`,
    `--outDir=${out}`,
    ...files,
  ],
  { stdio: 'inherit', cwd: root },
);
// The generator writes the absolute path of the source into each file; the committed files name no machine.
for (const name of readdirSync(out, { recursive: true })) {
  if (name.endsWith('.ts')) {
    const file = join(out, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\/\/ Original file: .*\/(proto\/.*)$/m, '// From $1'));
  }
}
process.exitCode = run.status ?? 1;
