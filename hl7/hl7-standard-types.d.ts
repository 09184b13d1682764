// The part of the npm package hl7-standard 1.0.4 (which has no types) that job authors' transforms use.
declare module 'hl7-standard' {
  /** A field: text, repetitions or subcomponents, or components by name (`PID.5.1`). */
  export type Hl7StandardValue =
    string | number | readonly Hl7StandardValue[] | { readonly [name: string]: Hl7StandardValue };

  export interface Hl7StandardSegment {
    readonly type: string;
    /** Place in the message. */
    readonly index: number;
    readonly data: Record<string, Hl7StandardValue>;
    get(field: string, sectionIndex?: number, subSectionIndex?: number): unknown;
    set(field: string, value: unknown, sectionIndex?: number, subSectionIndex?: number): unknown;
  }

  // eslint-disable-next-line no-restricted-syntax -- the package has a default export and nothing else
  export default class HL7 {
    constructor(data?: string, options?: { subComponents?: string; repeatingFields?: string; lineEndings?: string });
    transformed: Record<string, Hl7StandardSegment | readonly Hl7StandardSegment[]>;
    transform(callback?: (error: Error | null) => void, batch?: boolean): void;
    build(): string;
    get(field: string, index?: number, sectionIndex?: number, subSectionIndex?: number): unknown;
    set(field: string, value: unknown, index?: number, sectionIndex?: number, subSectionIndex?: number): unknown;
    getSegment(name: string): Hl7StandardSegment | null;
    getSegments(name?: string): readonly Hl7StandardSegment[];
    getSegmentsAfter(
      start: Hl7StandardSegment,
      name: string,
      consecutive?: boolean,
      stop?: string | readonly string[],
    ): readonly Hl7StandardSegment[];
    createSegment(name: string): Hl7StandardSegment;
    createSegmentAfter(name: string, after: Hl7StandardSegment): Hl7StandardSegment;
    createSegmentBefore(name: string, before: Hl7StandardSegment): Hl7StandardSegment;
    deleteSegment(segment: Hl7StandardSegment): void;
    deleteSegments(segments: readonly Hl7StandardSegment[]): void;
    moveSegmentAfter(segment: Hl7StandardSegment, after: Hl7StandardSegment): void;
    moveSegmentBefore(segment: Hl7StandardSegment, before: Hl7StandardSegment): void;
  }
}
