import { randomInt } from 'node:crypto';
import type { Etcd3 } from 'etcd3';
import { openEtcd } from './etcd-client.ts';
import type { EtcdSettings } from './node-etcd-settings.ts';

/**
 * The members of an etcd cluster, of which one is asked until it fails to answer, and then the next. Etcd3 by itself asks a
 * member at random each time: with one of three frozen, every third request would wait for its timeout.
 */
export class EtcdMembers {
  readonly #settings: EtcdSettings;
  readonly #clients: (Etcd3 | undefined)[];
  /** Processes begin with different members. */
  #at: number;
  #hasClosed = false;

  constructor(settings: EtcdSettings) {
    this.#settings = settings;
    this.#clients = settings.endpoints.map(() => undefined);
    this.#at = randomInt(settings.endpoints.length);
  }

  get settings(): EtcdSettings {
    return this.#settings;
  }

  /** A client of the member that is asked at present. */
  get current(): Etcd3 {
    const client = this.#clients[this.#at] ?? openEtcd(this.currentSettings());
    if (this.#hasClosed) {
      // A request after the end fails as one to a closed client does.
      client.close();
      return client;
    }
    this.#clients[this.#at] = client;
    return client;
  }

  /** The settings with the present member only, for a connection that somebody else keeps. */
  currentSettings(): EtcdSettings {
    return { ...this.#settings, endpoints: [this.#settings.endpoints[this.#at] ?? ''] };
  }

  /** The member of this client did not answer: the next one is asked from now on. */
  suspect(client: Etcd3): void {
    if (this.#clients[this.#at] === client) {
      this.next();
    }
  }

  next(): void {
    this.#at = (this.#at + 1) % this.#settings.endpoints.length;
  }

  close(): void {
    this.#hasClosed = true;
    for (const client of this.#clients) {
      client?.close();
    }
  }
}
