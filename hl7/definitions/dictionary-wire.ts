// The shape of the npm package hl7-dictionary 1.0.1, as far as we read it. The package is pinned and its data are checked by the
// tests of hl7/definitions, so its content is cast here once and trusted from then on.

/** A field of a segment, or a component of a data type. */
export interface DictionaryField {
  readonly datatype: string;
  readonly desc: string;
  /** 1 optional, 2 required, 3 conditional, 4 kept for backward compatibility or withdrawn. */
  readonly opt: number;
  /** The most repetitions; 0 any number. */
  readonly rep: number;
  readonly len?: number;
  readonly table?: number;
}

export interface DictionaryElement {
  readonly name: string;
  readonly desc: string;
  readonly min: number;
  /** 0: any number. */
  readonly max: number;
  readonly children?: readonly DictionaryElement[];
  /** Alternatives, of which one stands here. */
  readonly compounds?: readonly DictionaryElement[];
}

export interface Dictionary {
  readonly fields: Readonly<Record<string, { readonly desc: string; readonly subfields: readonly DictionaryField[] }>>;
  readonly segments: Readonly<Record<string, { readonly desc: string; readonly fields: readonly DictionaryField[] }>>;
  readonly messages: Readonly<
    Record<string, { readonly desc: string; readonly segments: { readonly segments: readonly DictionaryElement[] } }>
  >;
}

export type DictionaryTables = Readonly<
  Record<string, { readonly desc: string; readonly values: Readonly<Record<string, string>> }>
>;

/** Throws when the package is not what it was: a broken installation, not a broken message. */
export function parseDictionary(module: unknown): Dictionary {
  if (
    typeof module === 'object' &&
    module !== null &&
    'fields' in module &&
    'segments' in module &&
    'messages' in module
  ) {
    return module as Dictionary;
  }
  throw new TypeError('The installed hl7-dictionary is not version 1.0.1: run npm ci.');
}

export function parseTables(module: unknown): DictionaryTables {
  if (typeof module === 'object' && module !== null) {
    return module as DictionaryTables;
  }
  throw new TypeError('The installed hl7-dictionary has no tables: run npm ci.');
}
