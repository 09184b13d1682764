import { describe, expect, test } from 'vitest';
import { parseVertexId } from '../../shared/ids.ts';
import { A, B, SINK, SOURCE, subtask, twoByTwo } from './checkpoints-testing.ts';
import { planCheckpoint, subtasksOf, taskManagersOf, withParticipant } from './plan-checkpoint.ts';
import type { Participants } from './plan-checkpoint.ts';

describe('the plan of a checkpoint', () => {
  test('triggers the sources and waits for every running subtask, by task manager', () => {
    expect(planCheckpoint(twoByTwo())).toStrictEqual({
      kind: 'planned',
      plan: {
        trigger: new Map([
          [A, [subtask(SOURCE, 0)]],
          [B, [subtask(SOURCE, 1)]],
        ]),
        awaited: new Map([
          [A, [subtask(SOURCE, 0), subtask(SINK, 0)]],
          [B, [subtask(SOURCE, 1), subtask(SINK, 1)]],
        ]),
      },
    });
  });

  test('triggers a subtask itself once all that feeds it has finished, and not before', () => {
    const one = withParticipant(twoByTwo(), subtask(SOURCE, 0), { state: 'finished' });
    const both = withParticipant(one, subtask(SOURCE, 1), { state: 'finished' });

    expect(triggered(one)).toStrictEqual([subtask(SOURCE, 1)]);
    expect(triggered(both)).toStrictEqual([subtask(SINK, 0), subtask(SINK, 1)]);
  });

  test('looks at the one producer behind a forward edge', () => {
    const third = parseVertexId('third');
    const participants = twoByTwo();
    const vertices = new Map(participants.vertices);
    const subtasks = [A, B].map((taskManager) => ({ taskManager, state: 'running' as const }));
    vertices.set(third, { inputs: [{ from: SOURCE, pairs: 'same-index' }], operators: [], subtasks });
    const finished = withParticipant({ vertices }, subtask(SOURCE, 1), { state: 'finished' });

    expect(triggered(finished)).toStrictEqual([subtask(SOURCE, 0), subtask(third, 1)]);
  });

  test('is none while a subtask starts, or when all have finished', () => {
    const starting = withParticipant(twoByTwo(), subtask(SINK, 1), { state: 'starting' });
    const finished = [...subtasksOf(twoByTwo())].reduce(
      (all, { key }) => withParticipant(all, key, { state: 'finished' }),
      twoByTwo(),
    );

    expect(planCheckpoint(starting)).toStrictEqual({ kind: 'not-running', missing: [subtask(SINK, 1)] });
    expect(planCheckpoint(finished)).toStrictEqual({ kind: 'all-finished' });
    expect(taskManagersOf(finished)).toStrictEqual([A, B]);
  });
});

function triggered(participants: Participants): unknown[] {
  const planned = planCheckpoint(participants);
  return planned.kind === 'planned' ? [...planned.plan.trigger.values()].flat() : [];
}
