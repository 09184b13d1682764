import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import { parseIncarnation, parseTaskManagerId } from '../../shared/ids.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { openGrpcExchange } from './grpc-exchange.ts';

/**
 * Another process' data plane, for tests that kill or freeze it. Told by IPC: first posts its address, then opens the attempt
 * it is sent and says `connected`. Its slots never run: what arrives for them waits.
 */
export interface ProcessTask {
  readonly attempt: AttemptKey;
  readonly places: readonly SlotPlace[];
}

const exchange = await openGrpcExchange({
  taskManager: parseTaskManagerId(process.argv[2] ?? ''),
  incarnation: parseIncarnation('1'),
  version: '1.0.0',
  advertisedHost: '127.0.0.1',
  bindHost: '127.0.0.1',
  silenceMs: 2_000,
  port: 0,
  limits: defaultExchangeLimits,
  clock: nodeClock,
  metrics: new MetricRegistry().group({}),
});

process.on('message', (message) => {
  const { attempt, places } = message as ProcessTask;
  exchange
    .openAttempt(attempt, places)
    .connect(AbortSignal.timeout(10_000))
    .then(
      () => process.send?.('connected'),
      (error: unknown) => {
        throw error;
      },
    );
});
process.send?.(exchange.address);
