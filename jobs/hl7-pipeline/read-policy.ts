import type { DuplicatePolicy } from '../../hl7/duplicates/duplicate-policy.ts';
import { parseFacilityRegistry } from '../../hl7/facility/parse-facility-registry.ts';
import { parseProfiles } from '../../hl7/profiles/profile-set.ts';
import { compileContracts } from '../../hl7/validate/check-contract.ts';
import type { ValidationMode, ValidationModes } from '../../hl7/validate/validation-modes.ts';
import defaultFacilities from './facilities.json' with { type: 'json' };
import type { PipelinePolicy } from './pipeline-policy.ts';

const MS_PER_HOUR = 3_600_000;

/** The arguments that say how messages are judged. Files come as their text. */
export interface PolicyArguments {
  readonly facilities: string | undefined;
  readonly profiles: string | undefined;
  readonly validateSyntax: string;
  readonly validateProfile: string;
  readonly validateContract: string;
  readonly duplicates: string;
  readonly duplicatesWithin: number;
  readonly encounters: boolean;
  readonly outputPrefix: string;
  readonly maxMessageBytes: number;
}

export type PolicyResult =
  | { readonly kind: 'policy'; readonly policy: PipelinePolicy }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads the policy: everything that is wrong with the arguments and their files, at once. */
export function readPolicy(args: PolicyArguments): PolicyResult {
  const problems: string[] = [];
  const profileJson = readJson('--profiles', args.profiles, [], problems);
  const parsedProfiles = parseProfiles(Array.isArray(profileJson) ? profileJson : [profileJson]);
  if (parsedProfiles.kind === 'invalid') {
    problems.push(...parsedProfiles.problems.map((problem) => `--profiles: ${problem}`));
  }
  const profiles = parsedProfiles.kind === 'profiles' ? parsedProfiles.profiles : undefined;
  const registryJson = readJson('--facilities', args.facilities, defaultFacilities, problems);
  const parsedRegistry = parseFacilityRegistry(registryJson, profiles?.names);
  if (parsedRegistry.kind === 'invalid') {
    problems.push(...parsedRegistry.problems.map((problem) => `--facilities: ${problem}`));
  }
  problems.push(...plainProblems(args));
  const compiled = compileContracts();
  if (compiled.kind === 'invalid') {
    problems.push(...compiled.problems);
  }
  if (problems.length > 0 || parsedRegistry.kind === 'invalid' || compiled.kind === 'invalid') {
    return { kind: 'invalid', problems };
  }
  return {
    kind: 'policy',
    policy: {
      judge: {
        facilities: parsedRegistry.registry,
        profiles,
        parse: { bytesMax: args.maxMessageBytes },
        modes: modesOf(args),
      },
      contracts: compiled.contracts,
      topicPrefix: args.outputPrefix,
      bytesMax: args.maxMessageBytes,
      duplicates: duplicatesOf(args.duplicates),
      duplicatesWithinMs: args.duplicatesWithin * MS_PER_HOUR,
      encounters: args.encounters,
    },
  };
}

/** Arguments that are wrong by themselves. */
function plainProblems(args: PolicyArguments): readonly string[] {
  const problems: string[] = [];
  if (!Number.isInteger(args.maxMessageBytes) || args.maxMessageBytes < 1) {
    problems.push(`--max-message-bytes must be a whole number from 1, got ${args.maxMessageBytes}`);
  }
  if (!(args.duplicatesWithin > 0)) {
    problems.push(`--duplicates-within must be a number of hours above 0, got ${args.duplicatesWithin}`);
  }
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/.test(args.outputPrefix)) {
    problems.push('--output-prefix must begin a topic name: letters, digits, dots, underscores, hyphens, as in hl7.');
  }
  return problems;
}

function readJson(flag: string, text: string | undefined, otherwise: unknown, problems: string[]): unknown {
  if (text === undefined) {
    return otherwise;
  }
  try {
    return JSON.parse(text);
  } catch {
    problems.push(`${flag}: the file is no JSON.`);
    return otherwise;
  }
}

/** `by-facility` leaves a check as the registry has it for each sender. */
function modesOf(args: PolicyArguments): Partial<ValidationModes> {
  const syntax = modeOf(args.validateSyntax);
  const profile = modeOf(args.validateProfile);
  const contract = modeOf(args.validateContract);
  return {
    ...(syntax === undefined ? {} : { syntax }),
    ...(profile === undefined ? {} : { profile }),
    ...(contract === undefined ? {} : { contract }),
  };
}

function modeOf(text: string): ValidationMode | undefined {
  return text === 'off' || text === 'warn' || text === 'dead-letter' ? text : undefined;
}

function duplicatesOf(text: string): DuplicatePolicy | undefined {
  return text === 'drop' || text === 'pass' || text === 'dead-letter' ? text : undefined;
}
