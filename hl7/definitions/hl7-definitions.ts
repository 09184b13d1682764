import type { Dictionary, DictionaryElement, DictionaryField, DictionaryTables } from './dictionary-wire.ts';
import { definedVersionOf, type DefinedVersion } from './hl7-version.ts';
import { loadDictionary, loadTables } from './node-dictionary.ts';

export type Usage = 'required' | 'optional' | 'conditional' | 'backward';

/** A field of a segment, or a component of a data type. */
export interface FieldDefinition {
  readonly name: string;
  readonly dataType: string;
  readonly usage: Usage;
  /** Undefined: any number. */
  readonly repetitionsMax: number | undefined;
  /** Characters; undefined where the version sets none. */
  readonly lengthMax: number | undefined;
  readonly table: number | undefined;
}

/** A piece of a message structure (HL7 chapter 2, "abstract message syntax"). */
export type StructureElement =
  | ({ readonly kind: 'segment' } & Cardinality)
  | ({ readonly kind: 'group'; readonly elements: readonly StructureElement[] } & Cardinality)
  | ({ readonly kind: 'choice'; readonly segments: readonly string[] } & Cardinality);

interface Cardinality {
  readonly name: string;
  readonly min: number;
  /** Infinity: any number. */
  readonly max: number;
}

export interface MessageStructure {
  readonly name: string;
  readonly description: string;
  readonly elements: readonly StructureElement[];
}

const cache = new Map<DefinedVersion, Hl7Definitions>();

/** The definitions by which a message of MSH-12 `version` is read; loaded once per version, when first asked for. */
export function definitionsOf(version: string | undefined): Hl7Definitions {
  const defined = definedVersionOf(version);
  let definitions = cache.get(defined);
  if (definitions === undefined) {
    definitions = new Hl7Definitions(defined, loadDictionary(defined));
    cache.set(defined, definitions);
  }
  return definitions;
}

/** The segments, data types and message structures of one HL7 version. */
export class Hl7Definitions {
  readonly version: DefinedVersion;
  readonly #dictionary: Dictionary;
  readonly #structures = new Map<string, MessageStructure>();

  constructor(version: DefinedVersion, dictionary: Dictionary) {
    this.version = version;
    this.#dictionary = dictionary;
  }

  /** Name of a segment, such as `Patient Identification`; undefined for Z segments and those the version does not have. */
  segmentName(segment: string): string | undefined {
    return own(this.#dictionary.segments, segment)?.desc;
  }

  fieldCount(segment: string): number {
    return own(this.#dictionary.segments, segment)?.fields.length ?? 0;
  }

  /** @param field from 1, as HL7 numbers it */
  field(segment: string, field: number): FieldDefinition | undefined {
    return definitionOf(own(this.#dictionary.segments, segment)?.fields[field - 1]);
  }

  /** Component `component` (from 1) of a data type such as CX. */
  component(dataType: string, component: number): FieldDefinition | undefined {
    return definitionOf(own(this.#dictionary.fields, dataType)?.subfields[component - 1]);
  }

  componentCount(dataType: string): number {
    return own(this.#dictionary.fields, dataType)?.subfields.length ?? 0;
  }

  hasStructure(name: string): boolean {
    return own(this.#dictionary.messages, name) !== undefined;
  }

  structure(name: string): MessageStructure | undefined {
    const known = this.#structures.get(name);
    if (known !== undefined) {
      return known;
    }
    const message = own(this.#dictionary.messages, name);
    if (message === undefined) {
      return undefined;
    }
    const structure = { name, description: message.desc, elements: message.segments.segments.map(elementOf) };
    this.#structures.set(name, structure);
    return structure;
  }
}

let tables: DictionaryTables | undefined;

/** The values of an HL7 table, `undefined` for one without content (user-defined tables mostly have none). */
export function tableValues(table: number): Readonly<Record<string, string>> | undefined {
  tables ??= loadTables();
  const values = own(tables, String(table))?.values;
  return values === undefined || Object.keys(values).length === 0 ? undefined : values;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

const usages: Readonly<Record<number, Usage>> = { 1: 'optional', 2: 'required', 3: 'conditional', 4: 'backward' };

function definitionOf(field: DictionaryField | undefined): FieldDefinition | undefined {
  return field === undefined
    ? undefined
    : {
        name: field.desc,
        dataType: field.datatype,
        usage: usages[field.opt] ?? 'optional',
        repetitionsMax: field.rep === 0 ? undefined : field.rep,
        lengthMax: field.len,
        table: field.table,
      };
}

function elementOf(element: DictionaryElement): StructureElement {
  const cardinality = { name: element.name, min: element.min, max: element.max === 0 ? Infinity : element.max };
  if (element.compounds !== undefined) {
    return { kind: 'choice', ...cardinality, segments: element.compounds.map((alternative) => alternative.name) };
  }
  if (element.children !== undefined) {
    return { kind: 'group', ...cardinality, elements: element.children.map(elementOf) };
  }
  return { kind: 'segment', ...cardinality };
}
