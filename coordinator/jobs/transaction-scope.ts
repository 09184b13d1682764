import type { JobSpec } from './job-spec.ts';

/**
 * The first part of every transactional id of a job (DESIGN §8.1: generated unique ids, not names). Attempt numbers begin anew
 * where the records of jobs are lost or never kept, as by an embedded cluster, and two clusters may have the same name: the
 * lineage, which every submission draws for itself, keeps their transactions apart. Rights on transactional ids are given by the
 * cluster's name, which comes first.
 */
export function transactionScope(clusterId: string, { lineage }: Pick<JobSpec, 'lineage'>): string {
  return `${clusterId}/${lineage}`;
}
