import { code, firstText } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { Observation, ObservationValue } from './typed-record.ts';

/** One value of OBX-5: text, or the components of a composite. */
type Single = string | null | { components: (string | null)[] };

/** OBX (HL7 chapter 7.4.2). `order` is the index of the order it belongs to. */
export function extractObservation(r: SegmentReader, times: TimeReader, order: number | undefined): Observation {
  const type = r.text(2);
  return {
    order,
    setId: r.text(1),
    type,
    code: r.typed(3, code),
    subId: r.text(4),
    value: r.isPlain(5) ? r.text(5) : composedValue(r, type),
    units: r.typed(6, code),
    range: r.text(7),
    flags: r.typedList(8, firstText),
    status: r.text(11),
    observedAt: times.time(r, 14),
    analysedAt: times.time(r, 19),
  };
}

/**
 * Value types whose content is one text even when a sender forgot to escape a component separator in it (HL7 table 0125):
 * splitting them would cut a free text in two.
 */
function isText(type: string | null | undefined): boolean {
  switch (type) {
    case 'ST':
    case 'TX':
    case 'FT':
    case 'NM':
    case 'DT':
    case 'TM':
    case 'TS':
    case 'DTM':
    case 'ID':
    case 'IS':
    case 'SI':
      return true;
    default:
      return false;
  }
}

/** A value with separators in it: rare, so read by way of the message. */
function composedValue(r: SegmentReader, type: string | null | undefined): ObservationValue | undefined {
  const { message, segment } = r;
  const repetitions = message.repetitionCount(segment, 5);
  if (repetitions <= 1) {
    return singleValue(r, 1, type);
  }
  const values: Single[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    // An empty repetition stays as an empty text: the line numbers of a report's text depend on it.
    values.push(singleValue(r, repetition, type));
  }
  return values;
}

function singleValue({ message, segment }: SegmentReader, repetition: number, type: string | null | undefined): Single {
  const components = message.componentCount(segment, 5, repetition);
  const isDivided = components > 1 || message.subcomponentCount(segment, 5, repetition, 1) > 1;
  if (!isDivided || isText(type)) {
    const isNull = message.presence(segment, 5, repetition) === 'null';
    return isNull ? null : (message.fieldText(segment, 5, repetition) ?? '');
  }
  const list: (string | null)[] = [];
  for (let component = 1; component <= components; component++) {
    // Subcomponents stay joined by their separator: rare in OBX-5 (RP, ED's HD), and never lost.
    const isNull = message.presence(segment, 5, repetition, component) === 'null';
    list.push(isNull ? null : (message.componentText(segment, 5, repetition, component) ?? ''));
  }
  return { components: list };
}
