import { describe } from 'vitest';
import { jobStoreConformance } from './job-store.conformance.ts';
import { MemoryJobStore } from './memory-job-store.ts';

describe('the memory job store', () => {
  jobStoreConformance(async () => {
    const store = new MemoryJobStore();
    const read = async (): ReturnType<Awaited<ReturnType<Parameters<typeof jobStoreConformance>[0]>>['read']> =>
      await Promise.resolve({ jobs: [...store.records.values()], attemptFloor: store.attemptFloor });
    return await Promise.resolve({ store, read });
  });
});
