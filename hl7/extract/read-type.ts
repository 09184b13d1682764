// HL7 data types as plain objects. Every object literal lists all its properties in one order, absent ones as undefined: one
// hidden class per type keeps the hot path fast, and JSON.stringify leaves undefined out.
import type { Hl7Message } from '../message/hl7-message.ts';
import type {
  Address,
  Code,
  EntityId,
  Identifier,
  Location,
  PersonName,
  Staff,
  Telecom,
  Text,
} from './typed-record.ts';

/** Reads one repetition of a field as a data type. */
export type TypeReader<T> = (message: Hl7Message, segment: number, field: number, repetition: number) => T;

/** The text of a component (its first subcomponent), `null` for the HL7 null, undefined when absent or empty. */
export function text(
  message: Hl7Message,
  segment: number,
  field: number,
  repetition = 1,
  component = 1,
  subcomponent = 1,
): Text {
  const value = message.value(segment, field, repetition, component, subcomponent);
  return value ?? (message.presence(segment, field, repetition, component, subcomponent) === 'null' ? null : undefined);
}

/** The first repetition of a field as a data type; `null` when the whole field is the HL7 null. */
export function typed<T>(
  message: Hl7Message,
  segment: number,
  field: number,
  read: TypeReader<T>,
): T | null | undefined {
  switch (message.presence(segment, field)) {
    case 'value':
      return read(message, segment, field, 1);
    case 'null':
      return null;
    default:
      return undefined;
  }
}

/** All repetitions that hold anything, as a data type; `null` when the whole field is the HL7 null. */
export function typedList<T>(
  message: Hl7Message,
  segment: number,
  field: number,
  read: TypeReader<T>,
): T[] | null | undefined {
  switch (message.presence(segment, field)) {
    case 'value':
      break;
    case 'null':
      return null;
    default:
      return undefined;
  }
  const list: T[] = [];
  const repetitions = message.repetitionCount(segment, field);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    if (message.presence(segment, field, repetition) === 'value') {
      list.push(read(message, segment, field, repetition));
    }
  }
  return list;
}

/** The first component of every repetition that has one. */
export function textList(message: Hl7Message, segment: number, field: number): string[] | null | undefined {
  switch (message.presence(segment, field)) {
    case 'value':
      break;
    case 'null':
      return null;
    default:
      return undefined;
  }
  const list: string[] = [];
  const repetitions = message.repetitionCount(segment, field);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const value = message.value(segment, field, repetition);
    if (value !== undefined) {
      list.push(value);
    }
  }
  return list;
}

/** CX: id, check digit, scheme, authority (HD), type. */
export function identifier(m: Hl7Message, s: number, f: number, r: number): Identifier {
  return {
    id: text(m, s, f, r, 1),
    authority: text(m, s, f, r, 4, 1),
    authorityId: text(m, s, f, r, 4, 2),
    authorityIdType: text(m, s, f, r, 4, 3),
    type: text(m, s, f, r, 5),
  };
}

/** CE, CWE, CNE: two triples of code, text and coding system. */
export function code(m: Hl7Message, s: number, f: number, r: number): Code {
  const components = m.componentCount(s, f, r);
  const alternate = components > 3;
  return {
    code: text(m, s, f, r, 1),
    text: components > 1 ? text(m, s, f, r, 2) : undefined,
    system: components > 2 ? text(m, s, f, r, 3) : undefined,
    altCode: alternate ? text(m, s, f, r, 4) : undefined,
    altText: alternate ? text(m, s, f, r, 5) : undefined,
    altSystem: alternate ? text(m, s, f, r, 6) : undefined,
  };
}

/** XPN: family (FN, its first subcomponent), given, further given, suffix, prefix, degree, type. */
export function personName(m: Hl7Message, s: number, f: number, r: number): PersonName {
  return {
    family: text(m, s, f, r, 1),
    given: text(m, s, f, r, 2),
    middle: text(m, s, f, r, 3),
    suffix: text(m, s, f, r, 4),
    prefix: text(m, s, f, r, 5),
    type: text(m, s, f, r, 7),
  };
}

/** XCN: id, family, given, …, assigning authority in component 9. */
export function staff(m: Hl7Message, s: number, f: number, r: number): Staff {
  const components = m.componentCount(s, f, r);
  return {
    id: text(m, s, f, r, 1),
    family: components > 1 ? text(m, s, f, r, 2) : undefined,
    given: components > 2 ? text(m, s, f, r, 3) : undefined,
    authority: components > 8 ? text(m, s, f, r, 9) : undefined,
  };
}

/** XAD: street (SAD, its first subcomponent), other designation, city, state, postal code, country, type. */
export function address(m: Hl7Message, s: number, f: number, r: number): Address {
  return {
    street: text(m, s, f, r, 1),
    other: text(m, s, f, r, 2),
    city: text(m, s, f, r, 3),
    state: text(m, s, f, r, 4),
    zip: text(m, s, f, r, 5),
    country: text(m, s, f, r, 6),
    type: text(m, s, f, r, 7),
  };
}

/** XTN: the old one-component number, else country, area and local number of components 5 to 7 (or 12, unformatted). */
export function telecom(m: Hl7Message, s: number, f: number, r: number): Telecom {
  const components = m.componentCount(s, f, r);
  if (components <= 1) {
    return { number: text(m, s, f, r, 1), use: undefined, equipment: undefined, email: undefined };
  }
  return {
    number: text(m, s, f, r, 1) ?? composedNumber(m, s, f, r),
    use: text(m, s, f, r, 2),
    equipment: text(m, s, f, r, 3),
    email: text(m, s, f, r, 4),
  };
}

/** EI: identifier and namespace. */
export function entityId(m: Hl7Message, s: number, f: number, r: number): EntityId {
  return { id: text(m, s, f, r, 1), namespace: text(m, s, f, r, 2) };
}

/** PL: point of care, room, bed, facility (HD), …, building in component 7, floor in 8. */
export function location(m: Hl7Message, s: number, f: number, r: number): Location {
  const components = m.componentCount(s, f, r);
  return {
    pointOfCare: text(m, s, f, r, 1),
    room: components > 1 ? text(m, s, f, r, 2) : undefined,
    bed: components > 2 ? text(m, s, f, r, 3) : undefined,
    facility: components > 3 ? text(m, s, f, r, 4) : undefined,
    building: components > 6 ? text(m, s, f, r, 7) : undefined,
    floor: components > 7 ? text(m, s, f, r, 8) : undefined,
  };
}

function composedNumber(m: Hl7Message, s: number, f: number, r: number): string | undefined {
  const parts = [m.value(s, f, r, 5), m.value(s, f, r, 6), m.value(s, f, r, 7)].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(' ') : m.value(s, f, r, 12);
}
