import type { Logger } from '../../shared/log/logger.ts';
import type { SlotPortsTransfer } from '../exchange/node-slot-ports.ts';
import { beginSlot, spawnSpare } from './node-slot-thread.ts';
import type { SlotThread, SlotThreadEvents, SpareThread } from './node-slot-thread.ts';
import type { SlotSpec } from './slot-messages.ts';
import type { SlotMail } from './slot-wire.ts';

export interface SlotThreadsOptions {
  readonly entry: URL;
  readonly heapMiB: number;
  /** As many spare threads as there are slots: a restart replaces all of them at once. */
  readonly size: number;
  readonly logger: Logger;
}

/** New spare threads are made when the last deployment is so old: they must not take its time. */
const REFILL_AFTER_MS = 5_000;

interface Spare extends SpareThread {
  /** The job's module that it has in its memory. */
  modulePath: string | undefined;
}

/**
 * The threads of a task manager's slots. A new thread needs half a second and more for the modules of the task manager and of
 * the job; a restart should not wait for that, so spare threads are kept that have them already.
 *
 * W1  A thread that has run a job's module, if only its top level, is never given to another job.
 * W2  Only modules that are named by their content are loaded ahead: another file may be another by the time it is needed.
 * W3  A spare that dies is not replaced before the next deployment.
 */
export class SlotThreads {
  readonly #options: SlotThreadsOptions;
  #spares: Spare[] = [];
  #lastModule: string | undefined;
  #refill: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SlotThreadsOptions) {
    this.#options = options;
    for (let i = 0; i < options.size; i += 1) {
      this.#spawn();
    }
  }

  start(slot: { readonly spec: SlotSpec; readonly ports: SlotPortsTransfer }, events: SlotThreadEvents): SlotThread {
    const { module } = slot.spec.deployment;
    const spare = this.#take(slot.spec.modulePath) ?? spawnSpare(this.#options.entry, this.#options.heapMiB);
    this.#lastModule = module.kind === 'artifact' ? slot.spec.modulePath : undefined;
    clearTimeout(this.#refill);
    this.#refill = setTimeout(() => {
      this.#fill();
    }, REFILL_AFTER_MS).unref();
    return beginSlot(spare, slot, events);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#refill);
    await Promise.all(this.#spares.map(async ({ worker }) => await worker.terminate()));
  }

  /** W1 */
  #take(modulePath: string): SpareThread | undefined {
    const spare =
      this.#spares.find((other) => other.modulePath === modulePath) ??
      this.#spares.find((other) => other.modulePath === undefined);
    this.#spares = this.#spares.filter((other) => other !== spare);
    return spare;
  }

  /** Spares of another job's module make room for those of the last one. */
  #fill(): void {
    const isOther = ({ modulePath }: Spare): boolean => modulePath !== undefined && modulePath !== this.#lastModule;
    for (const { worker } of this.#spares.filter(isOther)) {
      worker.terminate().catch(() => undefined);
    }
    this.#spares = this.#spares.filter((spare) => !isOther(spare));
    while (!this.#isClosed && this.#spares.length < this.#options.size) {
      this.#spawn();
    }
    for (const spare of this.#spares) {
      this.#preload(spare);
    }
  }

  #spawn(): void {
    const spare: Spare = { ...spawnSpare(this.#options.entry, this.#options.heapMiB), modulePath: undefined };
    this.#spares.push(spare);
    const gone = (): void => {
      if (!this.#isClosed && this.#spares.includes(spare)) {
        this.#options.logger.warn('spare-thread-lost');
        this.#spares = this.#spares.filter((other) => other !== spare);
      }
    };
    spare.worker.on('error', gone);
    spare.worker.on('exit', gone);
  }

  /** W2 */
  #preload(spare: Spare): void {
    if (this.#lastModule !== undefined && spare.modulePath === undefined) {
      spare.modulePath = this.#lastModule;
      const preload: SlotMail = { kind: 'preload', modulePath: this.#lastModule };
      spare.worker.postMessage(preload);
    }
  }
}
