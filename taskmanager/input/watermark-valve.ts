import { required } from '../../shared/invariant.ts';
import { END_OF_TIME_MS } from '../../shared/stream-element.ts';
import type { TimeElement } from '../../shared/stream-element.ts';

interface ValveChannel {
  watermarkMs: number;
  status: 'active' | 'idle' | 'finished';
  /** False: it has come back behind the others, and does not hold them up until it has caught up. */
  isAligned: boolean;
}

/**
 * The event time of a subtask from those of its input channels (Flink's `StatusWatermarkValve` with the corrections of
 * reference §2.5: FLINK-38454, 38477, 40475, 40499). Each method gives what goes on from here, in order.
 *
 * W1  What goes out never goes back.
 * W2  A watermark goes out only when every active, aligned channel has reached it; an idle or finished channel holds up nothing.
 * W3  All channels idle: the furthest of them goes out, then `idle`. A finished channel never lifts the others.
 * W4  Something other than `idle` goes out again only behind an `active`.
 * W5  All channels finished: time has ended.
 */
export class WatermarkValve {
  readonly #channels: readonly ValveChannel[];
  #outMs = -Infinity;
  #isIdle = false;

  constructor(channelCount: number) {
    this.#channels = Array.from({ length: channelCount }, () => ({
      watermarkMs: -Infinity,
      status: 'active' as const,
      isAligned: true,
    }));
  }

  watermark(index: number, timestampMs: number): readonly TimeElement[] {
    const channel = this.#channel(index);
    if (channel.status !== 'active' || timestampMs <= channel.watermarkMs) {
      return [];
    }
    channel.watermarkMs = timestampMs;
    channel.isAligned ||= timestampMs >= this.#outMs;
    return this.#least();
  }

  idle(index: number): readonly TimeElement[] {
    const channel = this.#channel(index);
    if (channel.status !== 'active') {
      return [];
    }
    channel.status = 'idle';
    channel.isAligned = false;
    return this.#hasActive() ? this.#least() : this.#allIdle();
  }

  active(index: number): readonly TimeElement[] {
    const channel = this.#channel(index);
    if (channel.status !== 'idle') {
      return [];
    }
    channel.status = 'active';
    channel.isAligned = channel.watermarkMs >= this.#outMs;
    return [...this.#awake(), ...this.#least()];
  }

  finished(index: number): readonly TimeElement[] {
    const channel = this.#channel(index);
    if (channel.status === 'finished') {
      return [];
    }
    channel.status = 'finished';
    channel.isAligned = false;
    if (this.#channels.every(({ status }) => status === 'finished')) {
      return [...this.#awake(), ...this.#advance(END_OF_TIME_MS)];
    }
    return this.#hasActive() ? this.#least() : this.#allIdle();
  }

  #hasActive(): boolean {
    return this.#channels.some(({ status }) => status === 'active');
  }

  /** The least over the channels that count; nothing while none does (FLINK-7721). */
  #least(): readonly TimeElement[] {
    let least: number | undefined;
    for (const { status, isAligned, watermarkMs } of this.#channels) {
      if (status === 'active' && isAligned) {
        least = Math.min(least ?? Infinity, watermarkMs);
      }
    }
    return least === undefined ? [] : this.#advance(least);
  }

  #allIdle(): readonly TimeElement[] {
    if (this.#isIdle) {
      return [];
    }
    const idle = this.#channels.filter(({ status }) => status === 'idle');
    const furthest = this.#advance(Math.max(...idle.map(({ watermarkMs }) => watermarkMs)));
    this.#isIdle = true;
    return [...furthest, { kind: 'watermark-status', status: 'idle' }];
  }

  #awake(): readonly TimeElement[] {
    if (!this.#isIdle) {
      return [];
    }
    this.#isIdle = false;
    return [{ kind: 'watermark-status', status: 'active' }];
  }

  #advance(timestampMs: number): readonly TimeElement[] {
    if (timestampMs <= this.#outMs) {
      return [];
    }
    this.#outMs = timestampMs;
    return [{ kind: 'watermark', timestampMs }];
  }

  #channel(index: number): ValveChannel {
    return required(this.#channels[index], `channel ${index} of the valve`);
  }
}
