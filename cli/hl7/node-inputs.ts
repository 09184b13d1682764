import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFacilityRegistry, type FacilityRegistry } from '../../hl7/facility/facility-registry.ts';
import { parseFacilityRegistry } from '../../hl7/facility/parse-facility-registry.ts';
import { parseProfiles, type ProfileSet } from '../../hl7/profiles/profile-set.ts';
import type { JudgePolicy } from '../../hl7/validate/judge-message.ts';
import type { StreamError } from '../../shared/failure/failure.ts';
import { usage } from '../terminal/usage-error.ts';

/** Files larger than this are no HL7 messages; reading one would take the memory of the machine. */
const inputBytesMax = 512 * 1024 * 1024;

export interface InputFile {
  /** As given on the command line; files of a directory with that directory before them; `-` for standard input. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The options that say how messages are judged. */
export interface PolicyOptions {
  readonly policy?: string;
  readonly profileFile?: readonly string[];
}

/** Reads the files one after another: only one is held at a time. */
export function* readInputs(names: readonly string[]): Generator<InputFile> {
  for (const name of names) {
    for (const file of expand(name)) {
      yield { name: file, bytes: readInput(file) };
    }
  }
}

/** The policy of `--policy FILE` (a facility registry) and `--profile-file FILE`. */
export function readPolicy(options: PolicyOptions): JudgePolicy & { readonly profiles: ProfileSet } {
  const profiles = parseProfiles((options.profileFile ?? []).map(readJson));
  if (profiles.kind === 'invalid') {
    throw usage(
      `The profile files are wrong: ${profiles.problems.join(' ')}`,
      'Correct them (hl7/schemas/profile.schema.json).',
    );
  }
  return { profiles: profiles.profiles, facilities: readFacilities(options.policy, profiles.profiles.names) };
}

/** Whether a word of the command line names an input. */
export function isReadable(name: string): boolean {
  return name === '-' || existsSync(name);
}

function readFacilities(path: string | undefined, profiles: ReadonlySet<string>): FacilityRegistry {
  if (path === undefined) {
    return emptyFacilityRegistry;
  }
  const parsed = parseFacilityRegistry(readJson(path), profiles);
  if (parsed.kind === 'invalid') {
    const list = parsed.problems.map((problem) => `\n  - ${problem}`).join('');
    throw usage(`The policy ${path} is wrong:${list}`, 'Correct it (hl7/schemas/facility-registry.schema.json).');
  }
  return parsed.registry;
}

function readJson(path: string): unknown {
  const text = readInput(path).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`${path} is no JSON: ${error instanceof Error ? error.message : ''}`, 'Correct the file.');
  }
}

function expand(name: string): readonly string[] {
  if (name === '-' || !statOf(name).isDirectory()) {
    return [name];
  }
  const entries = readdirSync(name, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readInput(name: string): Buffer {
  if (name !== '-' && statOf(name).size > inputBytesMax) {
    throw usage(`${name} is larger than ${inputBytesMax} bytes.`, 'Split it, or send it through Kafka.');
  }
  try {
    return readFileSync(name === '-' ? 0 : name);
  } catch (error) {
    throw unreadable(name, error);
  }
}

function statOf(name: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(name);
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): StreamError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return usage(`${name} cannot be read (${code}).`, 'Check the path and its permissions.');
}
