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

export function taskStateFromWire(state: string): TaskState {
  invariant(TASK_STATES.includes(state), `unknown task state "${state}"`);
  return state as TaskState;
}

export function reportFromWire(wire: TaskReportDecoded): TaskReport {
  const report = {
    ...attemptFromWire(wire),
    ...subtaskFromWire(wire),
    state: taskStateFromWire(wire.state),
    metrics: samplesFromWire(wire.metrics),
  };
  return wire.failure === null ? report : { ...report, failure: failureFromWire(wire.failure) };
}
