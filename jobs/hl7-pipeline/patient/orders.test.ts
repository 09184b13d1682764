import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Order, PatientSection } from '../../../hl7/extract/typed-record.ts';
import { orderEventsOf } from './order-event.ts';
import { stepOrder } from './open-orders.ts';
import type { OpenOrder } from './open-orders.ts';
import type { OrderNumber } from './order-event.ts';

const AT = '2026-03-01T08:00:00.000Z';

describe('what a message says of an order', () => {
  test.each([
    ['NW', 'open'],
    ['OK', 'open'],
    ['SN', 'open'],
    ['XO', 'open'],
    ['UC', 'open'],
    ['CA', 'close'],
    ['DC', 'close'],
    ['OC', 'close'],
    ['CR', 'close'],
    ['RP', 'close'],
    ['UA', 'close'],
    ['HD', 'report'],
    ['ZZ', 'report'],
  ])('order control %s: %s', (control, change) => {
    expect(changesOf('ORM', { orders: [{ control, placer: { id: 'P1' } }] })).toStrictEqual([change]);
    expect(changesOf('OML', { orders: [{ control, placer: { id: 'P1' } }] })).toStrictEqual([change]);
  });

  test.each([
    ['CM', 'close'],
    ['CA', 'close'],
    ['DC', 'close'],
    ['IP', 'report'],
    [undefined, 'report'],
  ])('a status message with order status %s: %s', (status, change) => {
    expect(changesOf('ORM', { orders: [{ control: 'SC', status, placer: { id: 'P1' } }] })).toStrictEqual([change]);
  });

  test.each([
    ['F', 'close'],
    ['C', 'close'],
    ['X', 'close'],
    ['P', 'report'],
    ['I', 'report'],
    ['A', 'report'],
    ['S', 'report'],
    ['R', 'report'],
  ])('a result with status %s: %s', (resultStatus, change) => {
    expect(changesOf('ORU', { orders: [{ control: 'RE', resultStatus, placer: { id: 'P1' } }] })).toStrictEqual([
      change,
    ]);
  });

  test('a result without a status is settled when all of its observations are', () => {
    const order = { placer: { id: 'P1' } };
    const changed = (...statuses: readonly (string | undefined)[]): readonly string[] =>
      changesOf('ORU', { orders: [order], observations: statuses.map((status) => ({ order: 0, status })) });

    expect(changed('F', 'C')).toStrictEqual(['close']);
    expect(changed('F', 'P')).toStrictEqual(['report']);
    expect(changed('F', undefined)).toStrictEqual(['report']);
    expect(changed()).toStrictEqual(['report']);
  });

  test('other messages say nothing of orders, and an order without a number cannot be followed', () => {
    expect(changesOf('DFT', { orders: [{ control: 'NW', placer: { id: 'P1' } }] })).toStrictEqual([]);
    expect(changesOf('ORM', { orders: [{ control: 'NW' }, { control: 'NW', placer: { id: null } }] })).toStrictEqual(
      [],
    );
  });
});

describe('the open orders of a patient', () => {
  test('an order is open until its final result', () => {
    const orders = new Orders();

    orders.take('ORM', {
      control: 'NW',
      placer: { id: 'P1' },
      code: { code: 'GLU', text: 'Glucose' },
      orderedAt: '2026-03-01',
    });
    const preliminary = orders.take('ORU', { resultStatus: 'P', placer: { id: 'P1' }, filler: { id: 'F1' } });
    const afterPreliminary = [...orders.open.values()];
    const final = orders.take('ORU', { resultStatus: 'F', filler: { id: 'F1' } });

    expect(preliminary).toMatchObject({ orderedAt: '2026-03-01', code: 'GLU' });
    expect(afterPreliminary).toMatchObject([
      { numbers: { placer: { id: 'P1' }, filler: { id: 'F1' } }, reportedAt: AT },
    ]);
    expect(final).toMatchObject({ orderedAt: '2026-03-01', text: 'Glucose' });
    expect(orders.open.size).toBe(0);
  });

  test('a cancelled order is open no more, and one that could not be cancelled is open again', () => {
    const orders = new Orders();
    orders.take('ORM', { control: 'NW', placer: { id: 'P1' } });

    orders.take('ORM', { control: 'CA', placer: { id: 'P1' } });
    const afterCancel = orders.open.size;
    orders.take('ORM', { control: 'UC', placer: { id: 'P1' } });

    expect(afterCancel).toBe(0);
    expect(orders.open.size).toBe(1);
  });

  test('a number of another namespace is another order, and one without a namespace is any', () => {
    const orders = new Orders();
    orders.take('ORM', { control: 'NW', placer: { id: 'P1', namespace: 'EHR' } });

    expect(orders.take('ORU', { resultStatus: 'F', placer: { id: 'P1', namespace: 'LAB' } })).toBeUndefined();
    expect(orders.take('ORU', { resultStatus: 'F', placer: { id: 'P1' } })).toBeDefined();
    expect(orders.open.size).toBe(0);
  });

  test('two placers that share a filler number are two orders', () => {
    const orders = new Orders();
    orders.take('ORM', { control: 'NW', placer: { id: 'P1' }, filler: { id: 'F1' } });
    orders.take('ORM', { control: 'NW', placer: { id: 'P2' }, filler: { id: 'F1' } });

    orders.take('ORU', { resultStatus: 'F', placer: { id: 'P2' }, filler: { id: 'F1' } });

    expect([...orders.open.values()]).toMatchObject([{ numbers: { placer: { id: 'P1' } } }]);
  });

  test('an order known by its filler number gets its placer number later', () => {
    const orders = new Orders();
    orders.take('ORM', { control: 'SN', filler: { id: 'F1' } });

    orders.take('ORM', { control: 'NA', placer: { id: 'P1' }, filler: { id: 'F1' } });

    expect([...orders.open.keys()]).toStrictEqual(['p|P1']);
  });

  test('results that nobody ordered open nothing', () => {
    const orders = new Orders();

    expect(orders.take('ORU', { resultStatus: 'P', placer: { id: 'P9' } })).toBeUndefined();
    expect(orders.open.size).toBe(0);
  });

  test('an order is found again as if every open order were looked at', () => {
    const ids = { id: fc.constantFrom('1', 'a|1', '\\'), namespace: fc.constantFrom('N', 'M|1') };
    const number = fc.record(ids, { requiredKeys: ['id'] });
    const numbers = fc
      .record({ placer: fc.option(number, { nil: undefined }), filler: fc.option(number, { nil: undefined }) })
      .filter(({ placer, filler }) => placer !== undefined || filler !== undefined);
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 6 }), numbers, (known, asked) => {
        const orders = new Orders();
        known.forEach((placed) => orders.take('ORM', { control: 'NW', ...placed }));

        const expected = [...orders.open.values()].filter((order) => isSame(order.numbers, asked));
        const found = orders.take('ORU', { resultStatus: 'P', ...asked });

        expect(found === undefined).toBe(expected.length === 0);
        expect(found === undefined || expected.includes(found)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('whatever comes in whatever order, every order that was closed last is closed', () => {
    const message = fc.record({
      control: fc.constantFrom('NW', 'CA', 'XO', 'SC'),
      placer: fc.constantFrom({ id: 'P1' }, { id: 'P2' }, { id: 'P3' }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        const orders = new Orders();
        const expected = new Set<string>();
        for (const { control, placer } of messages) {
          orders.take('ORM', { control, placer });
          if (control === 'CA') {
            expected.delete(`p|${placer.id}`);
          } else if (control !== 'SC') {
            expected.add(`p|${placer.id}`);
          }
        }

        expect([...orders.open.keys()].sort()).toStrictEqual([...expected].sort());
      }),
      { numRuns: 500 },
    );
  });
});

/** The map that the state holds. */
class Orders {
  readonly open = new Map<string, OpenOrder>();

  /** Takes a message with one order; gives what was known of it. */
  take(messageType: string, order: Order): OpenOrder | undefined {
    let known: OpenOrder | undefined;
    for (const event of orderEventsOf(messageType, { orders: [order] })) {
      const step = stepOrder(this.open, event, AT);
      known = step.known;
      for (const change of step.changes) {
        if (change.kind === 'put') {
          this.open.set(change.key, change.order);
        } else {
          this.open.delete(change.key);
        }
      }
    }
    return known;
  }
}

interface Numbers {
  readonly placer?: OrderNumber | undefined;
  readonly filler?: OrderNumber | undefined;
}

/** The rule itself: by placer numbers where both have one, else by filler numbers; no namespace is any. */
function isSame(a: Numbers, b: Numbers): boolean {
  const [x, y] = a.placer !== undefined && b.placer !== undefined ? [a.placer, b.placer] : [a.filler, b.filler];
  if (x === undefined || y === undefined) {
    return false;
  }
  return x.id === y.id && (x.namespace === undefined || y.namespace === undefined || x.namespace === y.namespace);
}

function changesOf(messageType: string, section: PatientSection): readonly string[] {
  return orderEventsOf(messageType, section).map(({ change }) => change);
}
