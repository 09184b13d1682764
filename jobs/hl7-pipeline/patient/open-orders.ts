import { keyOf } from '../../../hl7/patient/patient-key.ts';
import type { OrderEvent, OrderNumber, OrderNumbers } from './order-event.ts';

/** An order that waits for its result. Plain data: it is the patient's state. */
export interface OpenOrder {
  readonly numbers: OrderNumbers;
  readonly code?: string;
  readonly text?: string;
  /** When it was ordered: as its message says, else when that was made. ISO, UTC. */
  readonly orderedAt: string;
  /** When a result last spoke of it without answering it. */
  readonly reportedAt?: string;
}

/** The open orders of one patient, by `orderKey`: a map state, or a plain map. */
export interface OpenOrders {
  get(key: string): OpenOrder | undefined;
  keys(): Iterable<string>;
  entries(): Iterable<readonly [string, OpenOrder]>;
}

/** What is to be done with one open order. */
export type OrderChange =
  | { readonly kind: 'put'; readonly key: string; readonly order: OpenOrder }
  | { readonly kind: 'remove'; readonly key: string };

/** What one order event does, and what was known of the order before. */
export interface OrderStep {
  readonly known: OpenOrder | undefined;
  readonly changes: readonly OrderChange[];
}

/** The key of an order: its placer number, else its filler number. */
export function orderKey({ placer, filler }: OrderNumbers): string {
  return placer === undefined ? `f${textOf(filler)}` : `p${textOf(placer)}`;
}

/**
 * What an order event does to the open orders. An order is known again by its placer number; by its filler number where one
 * of the two messages names no placer. A number without a namespace is the same number in any namespace.
 */
export function stepOrder(open: OpenOrders, event: OrderEvent, at: string): OrderStep {
  const found = findOrder(open, event.numbers);
  if (event.change === 'close') {
    return { known: found?.order, changes: found === undefined ? [] : [{ kind: 'remove', key: found.key }] };
  }
  if (found === undefined) {
    const changes: readonly OrderChange[] =
      event.change === 'report' ? [] : [{ kind: 'put', key: orderKey(event.numbers), order: opened(event, at) }];
    return { known: undefined, changes };
  }
  const { key, order } = found;
  const numbers = { ...order.numbers, ...event.numbers };
  const reported = event.isResult ? { reportedAt: at } : {};
  const next = { ...order, ...describedBy(event), numbers, ...reported };
  const nextKey = orderKey(numbers);
  const removed: readonly OrderChange[] = nextKey === key ? [] : [{ kind: 'remove', key }];
  return { known: order, changes: [...removed, { kind: 'put', key: nextKey, order: next }] };
}

/** The keys of the orders that were opened first, all but `kept`, for when there are too many. */
export function oldestOrders(open: OpenOrders, kept: number): readonly string[] {
  const entries = Array.from(open.entries(), ([key, { orderedAt }]) => ({ key, orderedAt }));
  entries.sort((a, b) => (a.orderedAt < b.orderedAt ? -1 : a.orderedAt > b.orderedAt ? 1 : 0));
  return entries.slice(0, Math.max(0, entries.length - kept)).map(({ key }) => key);
}

function opened(event: OrderEvent, at: string): OpenOrder {
  return { numbers: event.numbers, ...describedBy(event), orderedAt: event.orderedAt ?? at };
}

function describedBy({ code, text }: OrderEvent): Pick<OpenOrder, 'code' | 'text'> {
  return { ...(code === undefined ? {} : { code }), ...(text === undefined ? {} : { text }) };
}

function findOrder(
  open: OpenOrders,
  numbers: OrderNumbers,
): { readonly key: string; readonly order: OpenOrder } | undefined {
  const key = orderKey(numbers);
  const exact = open.get(key);
  if (exact !== undefined) {
    return { key, order: exact };
  }
  for (const otherKey of open.keys()) {
    const order = mayBeKeyOf(otherKey, numbers) ? open.get(otherKey) : undefined;
    if (order !== undefined && isSameOrder(order.numbers, numbers)) {
      return { key: otherKey, order };
    }
  }
  return undefined;
}

/** Whether the order under a key can be the one of these numbers: most cannot, and need not be read to know it. */
function mayBeKeyOf(key: string, { placer, filler }: OrderNumbers): boolean {
  const isPlacers = key.startsWith('p');
  const named = isPlacers ? placer : filler;
  // Its filler number does not show in an order's key when it has a placer.
  return named === undefined ? isPlacers && filler !== undefined : key.endsWith(keyOf('', named.id));
}

function isSameOrder(a: OrderNumbers, b: OrderNumbers): boolean {
  if (a.placer !== undefined && b.placer !== undefined) {
    return isSameNumber(a.placer, b.placer);
  }
  return a.filler !== undefined && b.filler !== undefined && isSameNumber(a.filler, b.filler);
}

function isSameNumber(a: OrderNumber, b: OrderNumber): boolean {
  const isAnyNamespace = a.namespace === undefined || b.namespace === undefined;
  return a.id === b.id && (isAnyNamespace || a.namespace === b.namespace);
}

function textOf(number: OrderNumber | undefined): string {
  return keyOf(number?.namespace ?? '', number?.id ?? '');
}
