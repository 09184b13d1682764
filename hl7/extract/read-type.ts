// HL7 data types as plain objects. A few literals per type, by how many components there are, each with all its properties in one
// order: few hidden classes keep the hot path fast, and few undefined properties keep JSON.stringify fast (it skips each).
import type { SegmentReader } from './segment-reader.ts';
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

/** CX: id, check digit, scheme, authority (HD), type. */
export function identifier(r: SegmentReader): Identifier {
  if (r.componentCount < 4) {
    return { id: r.component(1) };
  }
  const authority = r.subcomponent(4, 1);
  const type = r.component(5);
  if (!r.hasSubcomponents) {
    return { id: r.component(1), authority, type };
  }
  const authorityId = r.subcomponent(4, 2);
  return { id: r.component(1), authority, authorityId, authorityIdType: r.subcomponent(4, 3), type };
}

/** CE, CWE, CNE: two triples of code, text and coding system. */
export function code(r: SegmentReader): Code {
  switch (r.componentCount) {
    case 1:
      return { code: r.component(1) };
    case 2:
    case 3:
      return { code: r.component(1), text: r.component(2), system: r.component(3) };
    default:
      return {
        code: r.component(1),
        text: r.component(2),
        system: r.component(3),
        altCode: r.component(4),
        altText: r.component(5),
        altSystem: r.component(6),
      };
  }
}

/** XPN: family (FN, its first subcomponent), given, further given, suffix, prefix, degree, type. */
export function personName(r: SegmentReader): PersonName {
  return {
    family: r.component(1),
    given: r.component(2),
    middle: r.component(3),
    suffix: r.component(4),
    prefix: r.component(5),
    type: r.component(7),
  };
}

/** XCN: id, family, given, …, assigning authority in component 9. */
export function staff(r: SegmentReader): Staff {
  if (r.componentCount === 1) {
    return { id: r.component(1) };
  }
  const person = { id: r.component(1), family: r.component(2), given: r.component(3) };
  return r.componentCount < 9 ? person : { ...person, authority: r.component(9) };
}

/** XAD: street (SAD, its first subcomponent), other designation, city, state, postal code, country, type. */
export function address(r: SegmentReader): Address {
  return {
    street: r.component(1),
    other: r.component(2),
    city: r.component(3),
    state: r.component(4),
    zip: r.component(5),
    country: r.component(6),
    type: r.component(7),
  };
}

/** XTN: the old one-component number, else country, area and local number of components 5 to 7 (or 12, unformatted). */
export function telecom(r: SegmentReader): Telecom {
  if (r.componentCount === 1) {
    return { number: r.component(1) };
  }
  return {
    number: r.component(1) ?? composedNumber(r),
    use: r.component(2),
    equipment: r.component(3),
    email: r.component(4),
  };
}

/** EI: identifier and namespace. */
export function entityId(r: SegmentReader): EntityId {
  return r.componentCount === 1 ? { id: r.component(1) } : { id: r.component(1), namespace: r.component(2) };
}

/** PL: point of care, room, bed, facility (HD), …, building in component 7, floor in 8. */
export function location(r: SegmentReader): Location {
  if (r.componentCount <= 4) {
    return { pointOfCare: r.component(1), room: r.component(2), bed: r.component(3), facility: r.component(4) };
  }
  return {
    pointOfCare: r.component(1),
    room: r.component(2),
    bed: r.component(3),
    facility: r.component(4),
    building: r.component(7),
    floor: r.component(8),
  };
}

/** The first component of every repetition that has one. */
export function firstText(r: SegmentReader): string {
  return r.component(1) ?? '';
}

function composedNumber(r: SegmentReader): Text {
  if (r.componentCount < 5) {
    return undefined;
  }
  const parts = [r.component(5), r.component(6), r.component(7)].filter((part) => typeof part === 'string');
  return parts.length > 0 ? parts.join(' ') : r.component(12);
}
