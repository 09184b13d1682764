import type { Chain } from '../operators/chain.ts';
import { placed } from '../operators/operator-scope.ts';

/**
 * Lets the operators of a chain emit what they still hold, the head first: an operator is finished only when everything
 * before it has emitted its last record and nothing is suspended.
 */
export class ChainFinish {
  readonly #chain: Chain;
  #finished = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Goes on while the outputs have room; true when all are finished. */
  goOn(): boolean {
    const { operators, pressure, suspensions, async } = this.#chain;
    for (;;) {
      if (pressure.isBlocked || !suspensions.resume()) {
        return false;
      }
      async?.emitDone();
      if (async?.isEmpty === false || !suspensions.isEmpty) {
        return false;
      }
      const next = operators[this.#finished];
      if (next === undefined) {
        return true;
      }
      this.#finished += 1;
      try {
        next.finish?.();
      } catch (error) {
        throw placed(error, next.scope);
      }
    }
  }
}
