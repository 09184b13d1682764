import type { FailpointName } from './failpoint-names.ts';
import type { FailpointAction, FailpointRule } from './parse-failpoints.ts';

/**
 * Named moments at which a test makes a real process fail (`NERVE_FAILPOINTS`, see `parseFailpoints`). Shells call these
 * between the steps of a protocol; pure code never does. Where nothing is armed a call costs one comparison.
 */
export function failpoint(name: FailpointName): void {
  const action = armed?.reached(name);
  if (action !== undefined) {
    armed?.act(name, action);
  }
}

/** The same where waiting is possible: `hang` holds up the caller only, and the rest of the process goes on. */
export async function failpointAsync(name: FailpointName): Promise<void> {
  const action = armed?.reached(name);
  if (action?.kind === 'hang') {
    await armed?.wait(action.ms);
  } else if (action !== undefined) {
    armed?.act(name, action);
  }
}

/** The same where bytes pass by: gives them back, with `corrupt` a damaged copy. */
export async function failpointBytes<B extends Uint8Array>(name: FailpointName, bytes: B): Promise<B | Buffer> {
  const action = armed?.reached(name);
  if (action?.kind === 'corrupt') {
    return damaged(bytes);
  }
  if (action?.kind === 'hang') {
    await armed?.wait(action.ms);
  } else if (action !== undefined) {
    armed?.act(name, action);
  }
  return bytes;
}

/** What a process does for its failpoints; `ArmedFailpoints` decides when. */
export interface FailpointActor {
  /** Counts a hit, across all threads of the process, and tells the how-many-eth it is. From 1. */
  count(name: FailpointName): number;
  /** Says that a fault happens: tests ask for it. Called before the deed, which may be the last. */
  announce(name: FailpointName, action: FailpointAction, nth: number): void;
  /** Does what needs no waiting caller: `exit` and `freeze` the process, `hang` the thread, `throw`. */
  act(name: FailpointName, action: FailpointAction): void;
  wait(ms: number): Promise<void>;
}

class ArmedFailpoints {
  readonly #rules = new Map<FailpointName, readonly FailpointRule[]>();
  readonly #actor: FailpointActor;

  constructor(rules: readonly FailpointRule[], actor: FailpointActor) {
    for (const rule of rules) {
      this.#rules.set(rule.name, [...(this.#rules.get(rule.name) ?? []), rule]);
    }
    this.#actor = actor;
  }

  reached(name: FailpointName): FailpointAction | undefined {
    const rules = this.#rules.get(name);
    if (rules === undefined) {
      return undefined;
    }
    const nth = this.#actor.count(name);
    const rule = rules.find((each) => each.nth === nth || (each.andAfter && nth > each.nth));
    if (rule !== undefined) {
      this.#actor.announce(name, rule.action, nth);
    }
    return rule?.action;
  }

  act(name: FailpointName, action: FailpointAction): void {
    this.#actor.act(name, action);
  }

  async wait(ms: number): Promise<void> {
    await this.#actor.wait(ms);
  }
}

let armed: ArmedFailpoints | undefined;

/** From now on these rules hold in this thread; none disarms. */
export function armFailpoints(rules: readonly FailpointRule[], actor: FailpointActor): void {
  armed = rules.length === 0 ? undefined : new ArmedFailpoints(rules, actor);
}

/** For code that can be left out altogether where no test is at work. */
export function areFailpointsArmed(): boolean {
  return armed !== undefined;
}

function damaged(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}
