import { areFailpointsArmed, failpointBytes } from '../failpoints/failpoint.ts';
import type { GetAnswer, SnapshotStore } from './snapshot-store.ts';

/** The same store; where a test has armed failpoints, every put and get passes `store.put` and `store.get`. */
export function storeWithFailpoints(store: SnapshotStore): SnapshotStore {
  if (!areFailpointsArmed()) {
    return store;
  }
  return {
    put: async (key, bytes, call) => await store.put(key, await failpointBytes('store.put', bytes), call),
    get: async (key, call) => await passed(await store.get(key, call)),
    getRange: async (key, range, call) => await passed(await store.getRange(key, range, call)),
    list: (prefix, call) => store.list(prefix, call),
    delete: async (key, call) => await store.delete(key, call),
    close: async () => {
      await store.close();
    },
  };
}

async function passed(answer: GetAnswer): Promise<GetAnswer> {
  return answer.kind === 'found' ? { ...answer, bytes: await failpointBytes('store.get', answer.bytes) } : answer;
}
