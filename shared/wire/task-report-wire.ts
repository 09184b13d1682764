import type { TaskReport as WireReport, TaskReportDecoded } from '../../proto/generated/nerve/v1/TaskReport.ts';
import type { TaskReport, TaskState } from '../control/messages.ts';
import { invariant } from '../invariant.ts';
import { failureFromWire, failureToWire } from './failure-wire.ts';
import { attemptFromWire, attemptToWire, subtaskFromWire } from './keys-wire.ts';
import { samplesFromWire, samplesToWire } from './metrics-wire.ts';

const TASK_STATES: readonly string[] = [
  'initializing',
  'ready',
  'running',
  'finished',
  'failed',
  'cancelled',
] satisfies TaskState[];

export function reportToWire(report: TaskReport): WireReport {
  return {
    ...attemptToWire(report),
    vertexId: report.vertex,
    subtask: report.subtask,
    state: report.state,
    ...(report.failure === undefined ? {} : { failure: failureToWire(report.failure) }),
    metrics: samplesToWire(report.metrics),
  };
}

export function reportFromWire(wire: TaskReportDecoded): TaskReport {
  invariant(TASK_STATES.includes(wire.state), `unknown task state "${wire.state}"`);
  const report = {
    ...attemptFromWire(wire),
    ...subtaskFromWire(wire),
    state: wire.state as TaskState,
    metrics: samplesFromWire(wire.metrics),
  };
  return wire.failure === null ? report : { ...report, failure: failureFromWire(wire.failure) };
}
