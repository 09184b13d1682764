import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCreditDue, onCreditsSent, onDataRead, onFrame, openReceiveWindow } from '../input/receive-window.ts';
import type { ReceiveWindow } from '../input/receive-window.ts';
import { canSend, onFeedback, onSent, openSendWindow } from './send-window.ts';
import type { SendWindow } from './send-window.ts';

test('a data frame costs a credit, a control frame none', () => {
  const one = onSent(openSendWindow(1), { kind: 'data', blocks: false });

  expect(canSend(one, 'data')).toBe(false);
  expect(canSend(one, 'control')).toBe(true);
});

test('behind a barrier nothing goes until the resume for that very barrier', () => {
  const blocked = onSent(openSendWindow(2), { kind: 'control', blocks: true });

  expect(canSend(blocked, 'control')).toBe(false);
  expect(onFeedback(blocked, { kind: 'resume', seq: 0, barrierSeq: 5 })).toMatchObject({ kind: 'violation' });
  const resumed = onFeedback(blocked, { kind: 'resume', seq: 0, barrierSeq: 0 });
  expect(resumed.kind === 'taken' && canSend(resumed.window, 'data')).toBe(true);
});

test('a lost message of the consumer and an invented credit are violations', () => {
  const window = onSent(openSendWindow(2), { kind: 'data', blocks: false });

  expect(onFeedback(window, { kind: 'credit', seq: 1, credits: 1 })).toMatchObject({ kind: 'violation' });
  expect(onFeedback(window, { kind: 'credit', seq: 0, credits: 2 })).toMatchObject({ kind: 'violation' });
  expect(onFeedback(window, { kind: 'credit', seq: 0, credits: 1 })).toMatchObject({ kind: 'taken' });
});

test('the receiver refuses a gap and a frame without credit', () => {
  const window = openReceiveWindow(1);
  const one = onFrame(window, { kind: 'data', seq: 0 });

  expect(onFrame(window, { kind: 'data', seq: 1 })).toMatchObject({ kind: 'violation' });
  expect(one.kind === 'taken' && onFrame(one.window, { kind: 'data', seq: 1 })).toMatchObject({ kind: 'violation' });
  expect(one.kind === 'taken' && onFrame(one.window, { kind: 'control', seq: 1 })).toMatchObject({ kind: 'taken' });
});

// I1: credits + under way + unread + untold = creditsMax, whatever the order of sending, arriving, reading and crediting.
test('no credit is lost or invented, and a producer that always has data never stands still for good', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat({ max: 3 }), { maxLength: 200 }), (max, choices) => {
      const run = new WindowPair(max);

      for (const choice of choices) {
        run.step(choice);
        expect(run.sum()).toBe(max);
      }
      run.drain();

      expect(canSend(run.sender, 'data')).toBe(true);
    }),
  );
});

class WindowPair {
  sender: SendWindow;
  #receiver: ReceiveWindow;
  readonly #max: number;
  readonly #framesUnderWay: number[] = [];
  readonly #creditsUnderWay: { seq: number; credits: number }[] = [];

  constructor(max: number) {
    this.#max = max;
    this.sender = openSendWindow(max);
    this.#receiver = openReceiveWindow(max);
  }

  step(choice: number): void {
    if (choice === 0 && canSend(this.sender, 'data')) {
      this.#framesUnderWay.push(this.sender.nextSeq);
      this.sender = onSent(this.sender, { kind: 'data', blocks: false });
    } else if (choice === 1) {
      this.#arrive();
    } else if (choice === 2) {
      this.#read();
    } else {
      this.#credit();
    }
  }

  sum(): number {
    const credits = this.#creditsUnderWay.reduce((sum, message) => sum + message.credits, 0);
    const { unreadData, owedCredits } = this.#receiver;
    return this.sender.credits + this.#framesUnderWay.length + unreadData + owedCredits + credits;
  }

  /** Everything under way arrives and is read, nothing new is sent. */
  drain(): void {
    for (let i = 0; i < 3 * this.#max; i += 1) {
      this.#arrive();
      this.#read();
      this.#credit();
    }
  }

  #arrive(): void {
    const seq = this.#framesUnderWay.shift();
    if (seq !== undefined) {
      const received = onFrame(this.#receiver, { kind: 'data', seq });
      if (received.kind === 'violation') {
        throw new Error(received.problem);
      }
      this.#receiver = received.window;
    }
  }

  #read(): void {
    if (this.#receiver.unreadData > 0) {
      this.#receiver = onDataRead(this.#receiver);
    }
    if (isCreditDue(this.#receiver)) {
      this.#creditsUnderWay.push({ seq: this.#receiver.feedbackSeq, credits: this.#receiver.owedCredits });
      this.#receiver = onCreditsSent(this.#receiver);
    }
  }

  #credit(): void {
    const message = this.#creditsUnderWay.shift();
    if (message !== undefined) {
      const taken = onFeedback(this.sender, { kind: 'credit', ...message });
      if (taken.kind === 'violation') {
        throw new Error(taken.problem);
      }
      this.sender = taken.window;
    }
  }
}
