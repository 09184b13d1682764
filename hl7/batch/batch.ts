/** One message of a batch, with its place in the payload. */
export interface BatchMember {
  /** From 0, in the order of the payload. */
  readonly index: number;
  /** Byte offsets of the member in the payload: from its MSH up to the next header or trailer segment. */
  readonly start: number;
  readonly end: number;
  /** Exactly these bytes, a view. */
  readonly bytes: Buffer;
}

/** What is odd about the envelope. It never keeps a member from being processed. */
export interface EnvelopeWarning {
  readonly position: number;
  readonly sentence: string;
}

export type SplitPayload =
  /** No envelope and no second MSH: parse the payload as it is. */
  | { readonly kind: 'single' }
  | {
      readonly kind: 'batch';
      readonly members: readonly BatchMember[];
      readonly warnings: readonly EnvelopeWarning[];
    };
