import { mapState, valueState } from '../../../index.ts';
import type { KeyedStateAccess, MapState, ValueState } from '../../../index.ts';
import type { EntityId, Identifier, Location } from '../../../hl7/extract/typed-record.ts';
import { oldestOrders, stepOrder } from './open-orders.ts';
import type { OpenOrder, OrderChange } from './open-orders.ts';
import { isRetiring } from './patient-event.ts';
import type { PatientEvent } from './patient-event.ts';
import { compactVisit, nextVisit } from './visit.ts';
import type { Visit } from './visit.ts';

/** What is kept of a patient besides the open orders. Plain data. */
export interface PatientState {
  readonly visit?: Visit | undefined;
  readonly mergedInto?: string | undefined;
}

/** What the state adds to a record: how things stand with its patient after the message. Absent: not known. */
export interface PatientContext {
  readonly status?: Visit['status'] | undefined;
  readonly class?: string | undefined;
  readonly location?: Location | undefined;
  readonly visitNumber?: Identifier | undefined;
  readonly admittedAt?: string | undefined;
  readonly dischargedAt?: string | undefined;
  /** The message came under a key that a merge has retired; this is the patient's key now. */
  readonly mergedInto?: string | undefined;
  /** The orders that a result message reports on, as far as they were open. */
  readonly answers?: readonly Answer[] | undefined;
}

export interface Answer {
  /** Index in the record's `orders`. */
  readonly order: number;
  readonly placer?: EntityId | undefined;
  readonly filler?: EntityId | undefined;
  readonly orderedAt: string;
  /** False: a preliminary result, and the order stays open. */
  readonly isComplete: boolean;
}

/** What an event does to a patient's state; nothing is written before `commit`. */
export interface PatientStep {
  readonly before: PatientState;
  readonly after: PatientState;
  readonly orders: readonly OrderChange[];
  readonly answers: readonly Answer[];
}

const MS_PER_DAY = 86_400_000;
/** Longer than nearly any stay goes without an ADT message. */
const PATIENT_TTL_MS = 400 * MS_PER_DAY;
/** Orders that are never answered do not stay for ever. */
const ORDER_TTL_MS = 180 * MS_PER_DAY;
const ORDERS_KEPT = 200;
/** Open orders of one patient; beyond, those opened first are forgotten, many at once: to find them every order is read. */
const ORDERS_MAX = 240;

const PATIENT = valueState<PatientState>({ name: 'patient', ttl: { ms: PATIENT_TTL_MS, time: 'processing' } });
const OPEN_ORDERS = mapState<OpenOrder>({ name: 'open-orders', ttl: { ms: ORDER_TTL_MS, time: 'processing' } });

const UNKNOWN: PatientState = {};

/** The state of the current key's patient. */
export class Patients {
  readonly #patient: ValueState<PatientState>;
  readonly #orders: MapState<OpenOrder>;
  readonly #onForgotten: () => void;

  /** `onForgotten`: an open order was dropped because the patient has too many. */
  constructor(state: KeyedStateAccess, onForgotten: () => void) {
    this.#patient = state.value(PATIENT);
    this.#orders = state.map(OPEN_ORDERS);
    this.#onForgotten = onForgotten;
  }

  step(event: PatientEvent): PatientStep {
    const before = this.#patient.value() ?? UNKNOWN;
    const visit = nextVisit(before.visit, event);
    // A key that others are merged into is in use, whatever was said before.
    const mergedInto = isRetiring(event.trigger) ? undefined : (event.mergedInto ?? before.mergedInto);
    const isSame = visit === before.visit && mergedInto === before.mergedInto;
    const orders: OrderChange[] = [];
    const answers: Answer[] = [];
    for (const order of event.orders) {
      const { known, changes } = stepOrder(this.#orders, order, event.at);
      orders.push(...changes);
      if (order.isResult && known !== undefined) {
        const { placer, filler } = known.numbers;
        const isComplete = order.change === 'close';
        answers.push({ order: order.index, placer, filler, orderedAt: known.orderedAt, isComplete });
      }
    }
    return { before, after: isSame ? before : { visit, mergedInto }, orders, answers };
  }

  commit({ before, after, orders }: PatientStep): void {
    if (after !== before) {
      this.#update(after);
    }
    for (const change of orders) {
      if (change.kind === 'remove') {
        this.#orders.delete(change.key);
      } else {
        this.#put(change.key, change.order);
      }
    }
  }

  countOpenOrders(): number {
    return this.#orders.size;
  }

  #update({ visit, mergedInto }: PatientState): void {
    if (visit === undefined && mergedInto === undefined) {
      this.#patient.clear();
      return;
    }
    this.#patient.update({
      ...(visit === undefined ? {} : { visit: compactVisit(visit) }),
      ...(mergedInto === undefined ? {} : { mergedInto }),
    });
  }

  #put(key: string, order: OpenOrder): void {
    const isNew = !this.#orders.has(key);
    this.#orders.set(key, order);
    if (isNew && this.countOpenOrders() > ORDERS_MAX) {
      for (const oldest of oldestOrders(this.#orders, ORDERS_KEPT)) {
        this.#orders.delete(oldest);
        this.#onForgotten();
      }
    }
  }
}

/** Undefined when nothing is known. */
export function contextOf({ after, answers }: PatientStep): PatientContext | undefined {
  const { visit, mergedInto } = after;
  if (visit === undefined) {
    return mergedInto === undefined && answers.length === 0 ? undefined : { mergedInto, ...answersOf(answers) };
  }
  const { status, location, number: visitNumber, admittedAt, dischargedAt } = visit;
  const known = { status, class: visit.class, location, visitNumber, admittedAt, dischargedAt, mergedInto };
  return answers.length === 0 ? known : { ...known, answers };
}

function answersOf(answers: readonly Answer[]): Pick<PatientContext, 'answers'> {
  return answers.length === 0 ? {} : { answers };
}
