import type { Hl7Message } from '../message/hl7-message.ts';
import { definitionsOf, tableValues, type Hl7Definitions, type MessageStructure } from './hl7-definitions.ts';

/**
 * The structure of a message in its version: MSH-9.3 when the version has it, else `MSH-9.1_MSH-9.2`, else the structure that
 * HL7 table 0354 gives the event (an A04 has the structure ADT_A01), else the type alone (ACK). Undefined: a generic message,
 * a flat list of segments.
 */
export function structureOf(message: Hl7Message): MessageStructure | undefined {
  const definitions = definitionsOf(message.value(0, 12));
  const name = structureName(definitions, {
    type: message.value(0, 9, 1, 1) ?? '',
    trigger: message.value(0, 9, 1, 2),
    structure: message.value(0, 9, 1, 3),
  });
  return name === undefined ? undefined : definitions.structure(name);
}

/** The three parts of MSH-9. */
export interface MessageTypeParts {
  readonly type: string;
  readonly trigger: string | undefined;
  readonly structure: string | undefined;
}

export function structureName(
  definitions: Hl7Definitions,
  { type, trigger, structure }: MessageTypeParts,
): string | undefined {
  const candidates = [structure, trigger === undefined ? undefined : `${type}_${trigger}`];
  const direct = candidates.find((name) => name !== undefined && definitions.hasStructure(name));
  if (direct !== undefined) {
    return direct;
  }
  const mapped = trigger === undefined ? undefined : eventMap().get(`${type}_${trigger}`);
  if (mapped !== undefined && definitions.hasStructure(mapped)) {
    return mapped;
  }
  return definitions.hasStructure(type) ? type : undefined;
}

/** HL7 table 0354, "message structure": the structure of each event. */
const structureTable = 354;

let events: ReadonlyMap<string, string> | undefined;

function eventMap(): ReadonlyMap<string, string> {
  if (events === undefined) {
    const map = new Map<string, string>();
    for (const [structure, list] of Object.entries(tableValues(structureTable) ?? {})) {
      const type = structure.split('_', 1)[0] ?? structure;
      for (const event of list.split(',')) {
        map.set(`${type}_${event.trim()}`, structure);
      }
    }
    events = map;
  }
  return events;
}
