import type { EnvelopeWarning } from './batch.ts';

/**
 * Checks FHS, BHS, BTS and FTS against what they enclose (HL7 v2 chapter 2, "Batch protocol"). A batch starts at its
 * BHS; BTS-1 is the number of messages since then, FTS-1 the number of batches.
 */
export class BatchEnvelope {
  readonly #warnings: EnvelopeWarning[] = [];
  #fileHeaders = 0;
  #fileTrailers = 0;
  #batchHeaders = 0;
  #batchTrailers = 0;
  #messagesInBatch = 0;

  onMessage(): void {
    this.#messagesInBatch += 1;
  }

  /** A segment between a header or trailer and the next message. Its name is no patient data. */
  onStray(name: string, position: number): void {
    this.#warn(position, `segment outside any message: ${name}`);
  }

  onFileHeader(): void {
    this.#fileHeaders += 1;
  }

  onBatchHeader(): void {
    this.#batchHeaders += 1;
    this.#messagesInBatch = 0;
  }

  /** `count` is the text of BTS-1. */
  onBatchTrailer(count: string, position: number): void {
    this.#batchTrailers += 1;
    this.#checkCount('BTS-1', count, { actual: this.#messagesInBatch, what: 'messages in batch', position });
  }

  /** `count` is the text of FTS-1. */
  onFileTrailer(count: string, position: number): void {
    this.#fileTrailers += 1;
    this.#checkCount('FTS-1', count, { actual: this.#batchHeaders, what: 'batches in file', position });
  }

  /** The payload ends at `position`. */
  close(position: number): readonly EnvelopeWarning[] {
    const hasEnvelope = this.#fileHeaders + this.#fileTrailers + this.#batchHeaders + this.#batchTrailers > 0;
    if (!hasEnvelope) {
      return [];
    }
    if (this.#fileHeaders > 0 && this.#fileTrailers === 0) {
      this.#warn(position, 'FHS without FTS');
    }
    if (this.#fileTrailers > 0 && this.#fileHeaders === 0) {
      this.#warn(position, 'FTS without FHS');
    }
    if (this.#fileHeaders > 1) {
      this.#warn(position, 'more than one FHS');
    }
    if (this.#batchHeaders === 0) {
      this.#warn(position, 'no BHS');
    }
    if (this.#batchHeaders > 0 && this.#batchTrailers === 0) {
      this.#warn(position, 'BHS without BTS');
    } else if (this.#batchHeaders !== this.#batchTrailers) {
      this.#warn(position, `${this.#batchHeaders} BHS but ${this.#batchTrailers} BTS`);
    }
    return this.#warnings;
  }

  #checkCount(
    field: string,
    text: string,
    found: { readonly actual: number; readonly what: string; readonly position: number },
  ): void {
    const count = text.trim();
    if (count === '' || (/^\d{1,9}$/.test(count) && Number(count) === found.actual)) {
      return;
    }
    // The text is shown only when it is a number: anything else might be content that slipped into the wrong field.
    const claim = /^\d{1,9}$/.test(count) ? `${field}=${Number(count)}` : `${field} is no number`;
    this.#warn(found.position, `${claim} but ${found.actual} ${found.what}`);
  }

  #warn(position: number, sentence: string): void {
    if (this.#warnings.length < WARNINGS_MAX) {
      this.#warnings.push({ position, sentence });
    }
  }
}

/** A payload of millions of stray lines must not become millions of warnings. */
const WARNINGS_MAX = 1000;
