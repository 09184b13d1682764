import type { EntityId, Observation, Order, PatientSection, Text } from '../../../hl7/extract/typed-record.ts';

/** What a message says of one order. */
export interface OrderEvent {
  /**
   *   open    it is wanted and not answered: from now on it is open
   *   close   it is answered, cancelled or refused: it is open no more
   *   report  it is spoken of and stays as it is (a preliminary result, a status)
   */
  readonly change: 'open' | 'close' | 'report';
  /** The index in the record's `orders`. */
  readonly index: number;
  /** True when the message is a result: what was known of the order is added to the record. */
  readonly isResult: boolean;
  readonly numbers: OrderNumbers;
  /** OBR-4.1 and OBR-4.2. */
  readonly code?: string;
  readonly text?: string;
  /** ORC-9, else OBR-6: when it was ordered, as far as the message says. */
  readonly orderedAt?: string;
}

/** What names an order: the number of who placed it, that of who fills it, or both. */
export interface OrderNumbers {
  readonly placer?: OrderNumber;
  readonly filler?: OrderNumber;
}

export interface OrderNumber {
  readonly id: string;
  readonly namespace?: string;
}

/** Messages that place, change and cancel orders (HL7 chapter 4). */
const ORDER_MESSAGES: ReadonlySet<string> = new Set([
  'ORM',
  'OML',
  'OMG',
  'OMI',
  'OMP',
  'OMD',
  'OMN',
  'OMS',
  'OMB',
  'RDE',
]);
/** Messages that report on orders (HL7 chapter 7). */
const RESULT_MESSAGES: ReadonlySet<string> = new Set(['ORU', 'OUL', 'OPU']);

/** ORC-1, HL7 table 0119: after these an order stands … */
const OPENING: ReadonlySet<string> = new Set([
  'NW',
  'SN',
  'NA',
  'OK',
  'PA',
  'CH',
  'XO',
  'XX',
  'XR',
  'RO',
  'UC',
  'UD',
  'RL',
]);
/** … and after these it does not: cancelled, discontinued, replaced by another, or refused. */
const CLOSING: ReadonlySet<string> = new Set(['CA', 'CR', 'OC', 'DC', 'DR', 'OD', 'RP', 'RQ', 'RU', 'UA']);
/** ORC-5, table 0038, under an order control that says no more than "status": completed, cancelled, discontinued, replaced. */
const CLOSING_STATUS: ReadonlySet<string> = new Set(['CM', 'CA', 'DC', 'RP']);
/** OBR-25, table 0123: final, corrected, no results because it was cancelled. */
const ANSWERED: ReadonlySet<string> = new Set(['F', 'C', 'X']);
/** OBX-11, table 0085: nothing more will come for this observation. */
const SETTLED: ReadonlySet<string> = new Set(['F', 'C', 'U', 'X', 'D', 'W']);

/** What the section's orders mean for the patient's open orders; an order without any number cannot be followed. */
export function orderEventsOf(messageType: string, section: PatientSection): readonly OrderEvent[] {
  const isResult = RESULT_MESSAGES.has(messageType);
  if (section.orders === undefined || !(isResult || ORDER_MESSAGES.has(messageType))) {
    return [];
  }
  return section.orders.flatMap((order, index) => {
    const numbers = numbersOf(order);
    if (numbers === undefined) {
      return [];
    }
    const change = isResult ? changeOfResult(order, observationsOf(section, index)) : changeOfOrder(order);
    return [{ change, index, isResult, numbers, ...described(order) }];
  });
}

function changeOfOrder({ control, status }: Order): OrderEvent['change'] {
  if (typeof control === 'string' && OPENING.has(control)) {
    return 'open';
  }
  const isClosed = typeof control === 'string' && CLOSING.has(control);
  return isClosed || (typeof status === 'string' && CLOSING_STATUS.has(status)) ? 'close' : 'report';
}

/** OBR-25 decides; senders that leave it out are taken by their observations: all settled, and at least one. */
function changeOfResult({ resultStatus }: Order, observations: readonly Observation[]): OrderEvent['change'] {
  if (typeof resultStatus === 'string') {
    return ANSWERED.has(resultStatus) ? 'close' : 'report';
  }
  const isSettled = observations.every(({ status }) => typeof status === 'string' && SETTLED.has(status));
  return isSettled && observations.length > 0 ? 'close' : 'report';
}

function observationsOf({ observations = [] }: PatientSection, index: number): readonly Observation[] {
  return observations.filter(({ order }) => order === index);
}

function numbersOf({ placer, filler }: Order): OrderNumbers | undefined {
  const ofPlacer = numberOf(placer);
  const ofFiller = numberOf(filler);
  if (ofPlacer === undefined && ofFiller === undefined) {
    return undefined;
  }
  return {
    ...(ofPlacer === undefined ? {} : { placer: ofPlacer }),
    ...(ofFiller === undefined ? {} : { filler: ofFiller }),
  };
}

function numberOf(entity: EntityId | null | undefined): OrderNumber | undefined {
  const id = entity?.id;
  if (typeof id !== 'string') {
    return undefined;
  }
  const namespace = entity?.namespace;
  return typeof namespace === 'string' ? { id, namespace } : { id };
}

function described({ code, orderedAt, requestedAt }: Order): Pick<OrderEvent, 'code' | 'text' | 'orderedAt'> {
  const time = said(orderedAt) ?? said(requestedAt);
  return {
    ...(typeof code?.code === 'string' ? { code: code.code } : {}),
    ...(typeof code?.text === 'string' ? { text: code.text } : {}),
    ...(time === undefined ? {} : { orderedAt: time }),
  };
}

function said(text: Text): string | undefined {
  return text ?? undefined;
}
