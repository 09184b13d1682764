import { parseLeaderEpoch } from '../../shared/ids.ts';
import { jobStoreConformance } from './job-store.conformance.ts';
import { MemoryJobStore } from './memory-job-store.ts';

jobStoreConformance('memory', async () => {
  const store = new MemoryJobStore();
  let last = 0n;
  return await Promise.resolve({
    store,
    lead: async () => {
      last += 1n;
      store.raise(parseLeaderEpoch(last));
      return await Promise.resolve(parseLeaderEpoch(last));
    },
    close: async () => {
      await store.close();
    },
  });
});
