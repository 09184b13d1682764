import { FAILPOINTS, isFailpointName } from './failpoint-names.ts';
import type { FailpointName } from './failpoint-names.ts';

/**
 * What happens when a failpoint is reached:
 *   exit     the process kills itself with SIGKILL, whatever else it is doing: a crash
 *   freeze   the process stops itself with SIGSTOP until somebody sends SIGCONT: a pause
 *   hang     only whoever reached it waits, `ms` long: the thread at a synchronous point, the caller at an asynchronous one
 *   throw    an error that nobody expects is thrown
 *   corrupt  one byte of the data is changed (where there is data; elsewhere nothing happens)
 */
export type FailpointAction =
  | { readonly kind: 'exit' }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'hang'; readonly ms: number }
  | { readonly kind: 'throw' }
  | { readonly kind: 'corrupt' };

/** Acts when the point is reached for the `nth` time in the process (all its threads), and with `andAfter` ever after. */
export interface FailpointRule {
  readonly name: FailpointName;
  readonly action: FailpointAction;
  readonly nth: number;
  readonly andAfter: boolean;
}

export type ParsedFailpoints =
  | { readonly kind: 'rules'; readonly rules: readonly FailpointRule[] }
  | { readonly kind: 'malformed'; readonly problems: readonly string[] };

const RULE =
  /^(?<name>[a-z.-]+)=(?<action>[a-z]+)(?::(?<amount>\d+)(?<unit>ms|s))?(?:@(?<nth>[1-9]\d{0,8})(?<after>\+)?)?$/;

/**
 * The rules of NERVE_FAILPOINTS: `NAME=ACTION[:TIME][@N[+]]`, separated by semicolons, such as
 * `task.after-freeze=exit@3; coordinator.pointer-written=hang:5s@1; store.put=throw@2+`. Without `@N` it is the first time.
 * Every problem is reported, not only the first.
 */
export function parseFailpoints(text: string): ParsedFailpoints {
  const rules: FailpointRule[] = [];
  const problems: string[] = [];
  const parts = text.split(';').map((part) => part.trim());
  for (const part of parts.filter((each) => each !== '')) {
    const rule = parseRule(part);
    if (typeof rule === 'string') {
      problems.push(rule);
    } else {
      rules.push(rule);
    }
  }
  return problems.length > 0 ? { kind: 'malformed', problems } : { kind: 'rules', rules };
}

function parseRule(text: string): FailpointRule | string {
  const groups = RULE.exec(text)?.groups;
  if (groups === undefined) {
    return `"${text}" is no rule: write NAME=ACTION, NAME=ACTION@N or NAME=hang:5s@N+`;
  }
  const { name = '', amount, unit, nth = '1', after } = groups;
  if (!isFailpointName(name)) {
    return `"${text}": there is no failpoint "${name}"; known are ${Object.keys(FAILPOINTS).join(', ')}`;
  }
  const ms = amount === undefined ? undefined : Number(amount) * (unit === 's' ? 1_000 : 1);
  const action = parseAction(groups['action'] ?? '', ms);
  return action === undefined
    ? `"${text}": the action must be exit, freeze, throw, corrupt, or hang with a time (hang:5s)`
    : { name, action, nth: Number(nth), andAfter: after !== undefined };
}

function parseAction(kind: string, ms: number | undefined): FailpointAction | undefined {
  switch (kind) {
    case 'exit':
    case 'freeze':
    case 'throw':
    case 'corrupt':
      return ms === undefined ? { kind } : undefined;
    case 'hang':
      return ms === undefined ? undefined : { kind, ms };
    default:
      return undefined;
  }
}
