import { setTimeout as delay } from 'node:timers/promises';
import type { IWatchResponse } from 'etcd3';
import type { EtcdMembers } from './etcd-members.ts';

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2_000;

/**
 * Calls `onChange` soon after a key changed, and after each time that changes may have been missed (a connection began). What
 * the key holds must then be read. So no revision has to be remembered, and a compaction cannot hurt. A server that hangs is
 * noticed late: ask now and then without being told.
 */
export class EtcdKeyWatch {
  readonly #members: EtcdMembers;
  readonly #key: Buffer;
  readonly #onChange: () => void;
  readonly #closing = new AbortController();

  constructor(members: EtcdMembers, key: string, onChange: () => void) {
    this.#members = members;
    this.#key = Buffer.from(key);
    this.#onChange = onChange;
    // Its errors are ends, after which it begins anew.
    this.#run().catch(() => undefined);
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      const hasBegun = await this.#watchOnce(signal);
      retryMs = hasBegun ? RETRY_MS_MIN : Math.min(RETRY_MS_MAX, retryMs * 2);
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the stream ends. Whether etcd had begun to watch. */
  async #watchOnce(signal: AbortSignal): Promise<boolean> {
    let hasBegun = false;
    const etcd = this.#members.current;
    try {
      const stream = await etcd.watchClient.watch();
      await new Promise<void>((resolve) => {
        const onAbort = (): void => {
          stream.cancel();
          resolve();
        };
        const end = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        stream.on('error', end);
        stream.on('end', end);
        stream.on('data', ({ created, canceled, events }: IWatchResponse) => {
          hasBegun ||= created;
          if (canceled) {
            stream.cancel();
            end();
          } else if (created || events.length > 0) {
            this.#onChange();
          }
        });
        signal.addEventListener('abort', onAbort);
        if (signal.aborted) {
          onAbort();
        }
        stream.write({ create_request: { key: this.#key } });
      });
    } catch {
      // It could not be opened: as if it had ended.
    }
    if (!signal.aborted) {
      this.#members.suspect(etcd);
    }
    return hasBegun;
  }
}
