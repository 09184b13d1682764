import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exercise } from '../hl7/fuzz/exercise-testing.ts';
import { mutate, randomFrom } from '../hl7/fuzz/mutate-testing.ts';

/** An input that takes longer counts as a hang: the slowest file of the corpus takes milliseconds. */
const INPUT_MS_MAX = 1000;
const PREFIX_BYTES_MAX = 8 * 1024;
const PREFIXES_SAMPLED = 2000;
const FAILURES_SHOWN = 10;

const directory = process.env['HL7_CORPUS'] ?? join(import.meta.dirname, '../../shared/hl7-corpus');
const seed = Number(process.env['SEED'] ?? 20260301);
const mutations = Number(process.env['MUTATIONS'] ?? 100_000);

const failures: string[] = [];
const found: Record<string, number> = {};
let slowestMs = 0;
let inputs = 0;

function run(bytes: Buffer, name: string): void {
  inputs += 1;
  const started = process.hrtime.bigint();
  try {
    const outcome = exercise(bytes);
    found[outcome] = (found[outcome] ?? 0) + 1;
  } catch (error) {
    failures.push(`${name}: ${String(error)}\n  ${bytes.length < 4096 ? bytes.toString('base64') : '(long)'}`);
  }
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  slowestMs = Math.max(slowestMs, ms);
  if (ms > INPUT_MS_MAX) {
    failures.push(`${name}: took ${Math.round(ms)} ms`);
  }
}

function filesBelow(path: string): readonly string[] {
  return readdirSync(path).flatMap((name) => {
    const child = join(path, name);
    return statSync(child).isDirectory() ? filesBelow(child) : /\.(hl7|bin)$/.test(name) ? [child] : [];
  });
}

/** The lengths of the prefixes to try: all of a small file, a seeded sample of a large one. */
function prefixLengths(length: number, random: () => number): readonly number[] {
  return length <= PREFIX_BYTES_MAX
    ? Array.from({ length: length + 1 }, (_, i) => i)
    : Array.from({ length: PREFIXES_SAMPLED }, () => Math.floor(random() * (length + 1)));
}

if (existsSync(join(directory, 'manifest.json'))) {
  const random = randomFrom(seed);
  const files = filesBelow(directory).map((path) => ({ path, bytes: readFileSync(path) }));
  for (const { path, bytes } of files) {
    for (const length of prefixLengths(bytes.length, random)) {
      run(bytes.subarray(0, length), `${path} prefix ${length}`);
    }
  }
  const prefixes = inputs;
  const small = files.filter(({ bytes }) => bytes.length <= PREFIX_BYTES_MAX);
  const pick = (): Buffer => small[Math.floor(random() * small.length)]?.bytes ?? Buffer.alloc(0);
  for (let i = 0; i < mutations; i += 1) {
    run(mutate(pick(), pick(), random), `mutation ${i}`);
  }
  process.stdout.write(
    failures
      .slice(0, FAILURES_SHOWN)
      .map((failure) => `FAILED ${failure}\n`)
      .join(''),
  );
  process.stdout.write(
    `${files.length} files, ${prefixes} prefixes, ${inputs - prefixes} mutations (seed ${seed}): ${JSON.stringify(found)}, ` +
      `slowest ${slowestMs.toFixed(1)} ms, ${failures.length} failures. Replay: SEED=${seed} node scripts/hl7-fuzz.ts\n`,
  );
  process.exitCode = failures.length === 0 ? 0 : 1;
} else {
  process.stdout.write('There is no corpus here: set HL7_CORPUS to its directory. Nothing was tried.\n');
}
