/** What is answered to whoever does not wait, and when the loop ends. */
export interface EarlyAnswers<A> {
  readonly givenUp: A;
  readonly stopping: A;
}

/** Requests of one kind that wait for what the kernel answers to their number. The end of a wait ends nothing else. */
export class PendingAnswers<A> {
  readonly #early: EarlyAnswers<A>;
  readonly #waiting = new Map<number, (answer: A) => void>();
  #hasEnded = false;

  constructor(early: EarlyAnswers<A>) {
    this.#early = early;
  }

  /** `post` hands the request in; false: it is not in, and will not be. */
  async ask(request: number, post: () => Promise<boolean>, signal: AbortSignal): Promise<A> {
    const answered = Promise.withResolvers<A>();
    const giveUp = (): void => {
      answered.resolve(this.#early.givenUp);
    };
    this.#waiting.set(request, answered.resolve);
    signal.addEventListener('abort', giveUp);
    try {
      if (!this.#hasEnded && (await post())) {
        return await answered.promise;
      }
      return signal.aborted ? this.#early.givenUp : this.#early.stopping;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#waiting.delete(request);
    }
  }

  answer(request: number, answer: A): void {
    this.#waiting.get(request)?.(answer);
  }

  /** Nothing is answered by the kernel any more. */
  end(): void {
    this.#hasEnded = true;
    for (const answer of this.#waiting.values()) {
      answer(this.#early.stopping);
    }
  }
}
