import type { Hl7Message } from '../message/hl7-message.ts';
import { code, text, textList, typed } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { Observation, ObservationValue } from './typed-record.ts';

/** One value of OBX-5: text, or the components of a composite. */
type Single = string | null | { components: (string | null)[] };

/** OBX (HL7 chapter 7.4.2). `order` is the index of the order it belongs to. */
export function extractObservation(
  m: Hl7Message,
  obx: number,
  times: TimeReader,
  order: number | undefined,
): Observation {
  const type = text(m, obx, 2);
  return {
    order,
    setId: text(m, obx, 1),
    type,
    code: typed(m, obx, 3, code),
    subId: text(m, obx, 4),
    value: observationValue(m, obx, type),
    units: typed(m, obx, 6, code),
    range: text(m, obx, 7),
    flags: textList(m, obx, 8),
    status: text(m, obx, 11),
    observedAt: times.time(m, obx, 14),
    analysedAt: times.time(m, obx, 19),
  } satisfies { [K in keyof Required<Omit<Observation, 'notes'>>]: unknown };
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

function observationValue(m: Hl7Message, obx: number, type: string | null | undefined): ObservationValue | undefined {
  switch (m.presence(obx, 5)) {
    case 'value':
      break;
    case 'null':
      return null;
    default:
      return undefined;
  }
  const repetitions = m.repetitionCount(obx, 5);
  if (repetitions <= 1) {
    return singleValue(m, obx, 1, type);
  }
  const values: Single[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    // An empty repetition stays as an empty text: the line numbers of a report's text depend on it.
    values.push(singleValue(m, obx, repetition, type));
  }
  return values;
}

function singleValue(m: Hl7Message, obx: number, repetition: number, type: string | null | undefined): Single {
  const components = m.componentCount(obx, 5, repetition);
  if (components <= 1 || isText(type)) {
    return m.fieldText(obx, 5, repetition) ?? '';
  }
  const list: (string | null)[] = [];
  for (let component = 1; component <= components; component++) {
    list.push(componentText(m, obx, repetition, component));
  }
  return { components: list };
}

/** A component with its subcomponents joined by `&`: rare in OBX-5 (RP, ED's HD), and never lost. */
function componentText(m: Hl7Message, obx: number, repetition: number, component: number): string | null {
  const count = m.subcomponentCount(obx, 5, repetition, component);
  if (count <= 1) {
    const only = text(m, obx, 5, repetition, component);
    return only === undefined ? '' : only;
  }
  const parts: string[] = [];
  for (let subcomponent = 1; subcomponent <= count; subcomponent++) {
    parts.push(m.value(obx, 5, repetition, component, subcomponent) ?? '');
  }
  return parts.join('&');
}
