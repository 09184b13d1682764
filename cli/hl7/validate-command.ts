import type { Command } from 'commander';
import { extractRecord } from '../../hl7/extract/extract-record.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { routeOf } from '../../hl7/route/route-of.ts';
import { checkContract, compileContracts, type Contracts } from '../../hl7/validate/check-contract.ts';
import { checkProfile } from '../../hl7/validate/check-profile.ts';
import { checkSyntax } from '../../hl7/validate/check-syntax.ts';
import type { JudgePolicy } from '../../hl7/validate/judge-message.ts';
import { judgePayload, type PayloadItem } from '../../hl7/validate/judge-payload.ts';
import type { ProfileSet } from '../../hl7/profiles/profile-set.ts';
import { action, type CliContext } from '../cli-context.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { collect } from '../terminal/collect-option.ts';
import { readInputs, readPolicy, type PolicyOptions } from './node-inputs.ts';
import { usage } from '../terminal/usage-error.ts';

interface ValidateOptions extends PolicyOptions {
  readonly profile?: string;
}

type Policy = JudgePolicy & { readonly profiles: ProfileSet };

/** `nerve hl7 validate`: everything all three checks find, whatever the facilities' modes are. */
export function registerValidateCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('validate')
    .description('check syntax, HL7 profile and output contract, and report everything found')
    .argument('<file...>', 'files or directories; - is standard input')
    .option('--profile <name>', 'the profile to check against; default: the facility\'s, else "core"')
    .option('--profile-file <file>', 'an HL7 profile beside "core" and "standard"; may be repeated', collect, [])
    .option('--policy <file>', 'facility registry')
    .addHelpText(
      'after',
      '\nExit code: 0 nothing found, 1 something found, 2 the command line is wrong.\n\n' +
        'Examples:\n  nerve hl7 validate a.hl7\n  nerve hl7 validate inbox/ --profile standard --json',
    )
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      const own = this.opts<ValidateOptions>();
      await action(cli, async ({ json }) => await Promise.resolve(validateFiles(cli, files, { ...own, json }))).call(
        this,
      );
    });
}

function validateFiles(
  cli: CliContext,
  files: readonly string[],
  options: ValidateOptions & { json: boolean },
): ExitCode {
  const policy = readPolicy(options);
  if (options.profile !== undefined && !policy.profiles.names.has(options.profile)) {
    throw usage(`There is no profile ${options.profile}.`, `One of: ${[...policy.profiles.names].join(', ')}.`);
  }
  const compiled = compileContracts();
  if (compiled.kind === 'invalid') {
    throw usage(compiled.problems.join(' '), 'Reinstall nerve-stream.');
  }
  let exit: ExitCode = EXIT.ok;
  for (const { name, bytes } of readInputs(files)) {
    for (const item of judgePayload(bytes, policy)) {
      const problems = findProblems(item, { policy, contracts: compiled.contracts, profile: options.profile });
      exit = problems.length > 0 ? EXIT.failed : exit;
      const warnings = item.verdict.warnings.map((warning) => warning.code);
      cli.terminal.out(
        options.json
          ? `${JSON.stringify({ file: name, index: item.index, problems, warnings })}\n`
          : formatFindings(`${name}[${item.index}]`, problems, warnings),
      );
    }
  }
  return exit;
}

interface Checks {
  readonly policy: Policy;
  readonly contracts: Contracts;
  readonly profile: string | undefined;
}

function findProblems(item: PayloadItem, { policy, contracts, profile }: Checks): readonly Hl7Problem[] {
  const { verdict } = item;
  const { message } = verdict;
  if (message === undefined) {
    return verdict.kind === 'rejected' ? [verdict.problem] : [];
  }
  const { settings } = policy.facilities.findFor(message);
  const chosen =
    policy.profiles.choose(message, profile ?? settings.profile) ?? policy.profiles.choose(message, 'core');
  const record = extractRecord(message, {
    sourceSystem: settings.sourceSystem ?? message.value(0, 3) ?? 'UNKNOWN',
    facilityId: settings.facilityId,
    ingestionMs: 0,
    receivedMs: 0,
    zone: settings.zone,
  });
  const keyProblems = verdict.kind === 'rejected' && verdict.problem.stage === 'key' ? [verdict.problem] : [];
  return [
    ...checkSyntax(message).problems,
    ...(chosen === undefined ? [] : checkProfile(message, chosen).problems),
    ...keyProblems,
    ...checkContract(contracts, routeOf(record.messageType), record).problems,
  ];
}

function formatFindings(place: string, problems: readonly Hl7Problem[], warnings: readonly string[]): string {
  const lines = problems.map(
    ({ code, stage, position, sentence }) => `    ${stage} ${code} at byte ${position}: ${sentence}\n`,
  );
  return (
    `${place}  ${problems.length === 0 ? 'valid' : `${problems.length} problems`}  ${warnings.join(' ')}`.trimEnd() +
    `\n${lines.join('')}`
  );
}
