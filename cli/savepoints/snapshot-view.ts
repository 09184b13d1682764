import { toIsoUtc } from '../../hl7/timestamp/to-iso-utc.ts';
import type { CheckpointInventory, OperatorInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { formatFailure } from '../../shared/failure/failure.ts';
import type { CollectedGarbage } from '../admin/admin-client.ts';
import { formatCount, renderTable } from '../terminal/table.ts';
import type { StateVerdict } from './compare-states.ts';

/** `nerve savepoint inspect` for people. */
export function renderInventory(inventory: CheckpointInventory, directory: string): string {
  const { kind, jobId, checkpoint, completedAtMs, operators } = inventory;
  const rows = operators.flatMap((operator) => rowsOf(operator));
  return (
    `${directory} is a ${kind} of job ${jobId}, checkpoint ${checkpoint}, of ${toIsoUtc(completedAtMs)}\n` +
    renderTable([['OPERATOR', 'PARALLELISM', 'MAX', 'BYTES', 'SEGMENTS', 'HOLDS', 'OF KIND', 'VERSION'], ...rows])
  );
}

function rowsOf(operator: OperatorInventory): string[][] {
  const { uid, parallelism, maxParallelism, keyedBytes, segments, states, lists, splits } = operator;
  const contents = [
    ...states.map(({ name, kind, version }) => [name, kind, String(version)]),
    ...lists.map(({ name, redistribution, elements }) => [name, `${redistribution} list of ${elements}`, '']),
    ...(splits === 0 ? [] : [[`${splits} splits`, `${operator.finishedSplits} read to the end`, '']]),
  ];
  const head = [uid, String(parallelism), String(maxParallelism), formatCount(keyedBytes), String(segments)];
  return contents.length === 0
    ? [[...head, '', '', '']]
    : contents.map((content, i) => [...(i === 0 ? head : ['', '', '', '', '']), ...content]);
}

/** `nerve check` for people. */
export function renderVerdicts(verdicts: readonly StateVerdict[]): string {
  if (verdicts.length === 0) {
    return 'neither the job nor the checkpoint has state\n';
  }
  return renderTable([
    ['OPERATOR', 'STATE', 'WOULD BE', ''],
    ...verdicts.map(({ uid, what, verdict, detail }) => [uid, what, verdict, detail]),
  ]);
}

/** `nerve gc` for people. */
export function renderGarbage({ jobs, unknownJobs }: CollectedGarbage, dryRun: boolean): string {
  const rows = jobs.flatMap(({ jobId, garbage }) =>
    garbage.map(({ reason, objects, bytes }) => [jobId, reason, formatCount(objects), formatCount(bytes)]),
  );
  const parts = [
    rows.length === 0
      ? 'no garbage\n'
      : renderTable([['JOB', dryRun ? 'WOULD BE DELETED' : 'DELETED', 'OBJECTS', 'BYTES'], ...rows]),
  ];
  for (const { jobId, keptObjects, keptBytes, failure } of jobs) {
    if (keptObjects > 0) {
      parts.push(
        `${jobId}: ${formatCount(keptObjects)} objects (${formatCount(keptBytes)} bytes) that no checkpoint names yet are kept\n`,
      );
    }
    if (failure !== undefined) {
      parts.push(`${jobId}: ${formatFailure(failure)}\n`);
    }
  }
  if (unknownJobs.length > 0) {
    parts.push(`of jobs that this cluster does not know, left alone: ${unknownJobs.join(', ')}\n`);
  }
  return parts.join('');
}
