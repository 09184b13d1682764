import type { Chain } from '../operators/chain.ts';
import type { Operator } from '../operators/operator.ts';
import { placed } from '../operators/operator-scope.ts';

/**
 * Lets the operators of a chain emit what they still hold, the head first: an operator is finished only when everything
 * before it has emitted its last record and nothing is suspended. One that had finished when the attempt's checkpoint was made
 * is not finished again: what it then emitted is committed (FLIP-147).
 */
export class ChainFinish {
  readonly #chain: Chain;
  readonly #hadFinished: (operator: Operator) => boolean;
  #finished = 0;

  constructor(chain: Chain, hadFinished: (operator: Operator) => boolean) {
    this.#chain = chain;
    this.#hadFinished = hadFinished;
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
        if (!this.#hadFinished(next)) {
          next.finish?.();
        }
      } catch (error) {
        throw placed(error, next.scope);
      }
    }
  }
}
