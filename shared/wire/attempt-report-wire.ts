import type {
  AttemptReport as WireReport,
  AttemptReportDecoded,
} from '../../proto/generated/nerve/v1/AttemptReport.ts';
import { splitsToWire } from '../checkpoint/format-metadata.ts';
import { parseSplits } from '../checkpoint/parse-metadata.ts';
import type { AttemptReport } from '../control/messages.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { idFromWire, idToWire } from './checkpoint-wire.ts';
import { moduleFromWire, moduleToWire } from './deployment-wire.ts';
import { attemptFromWire, attemptToWire, present, subtaskFromWire, subtaskToWire } from './keys-wire.ts';
import { taskStateFromWire } from './task-report-wire.ts';

export function attemptReportToWire(report: AttemptReport): WireReport {
  const { phase, fingerprint, module, deployedBy, completed, subtasks } = report;
  return {
    ...attemptToWire(report),
    phase,
    fingerprint,
    module: moduleToWire(module),
    deployedBy: String(deployedBy),
    completed: idToWire(completed),
    subtasks: subtasks.map((subtask) => ({
      ...subtaskToWire(subtask),
      state: subtask.state,
      slot: subtask.slot,
      assignment: subtask.assignment,
      splits: splitsToWire(subtask.splits),
    })),
  };
}

export function attemptReportFromWire(wire: AttemptReportDecoded): AttemptReport {
  const { phase, fingerprint } = wire;
  invariant(phase === 'preparing' || phase === 'running' || phase === 'ending', `an attempt is in phase "${phase}"`);
  return {
    ...attemptFromWire(wire),
    phase,
    fingerprint,
    module: moduleFromWire(present(wire.module, 'module')),
    deployedBy: parseLeaderEpoch(BigInt(wire.deployedBy)),
    completed: idFromWire(wire.completed),
    subtasks: wire.subtasks.map((subtask) => ({
      ...subtaskFromWire(subtask),
      state: taskStateFromWire(subtask.state),
      slot: subtask.slot,
      assignment: Number(subtask.assignment),
      splits: parseSplits(subtask.splits),
    })),
  };
}
