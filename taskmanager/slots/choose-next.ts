/**
 * Which of a slot's subtasks runs next. They stand downstream first: what leaves the slot makes room for what enters.
 * Round robin from `cursor`: each runnable one gets its budget before any gets a second.
 *
 * I1  A subtask that is not runnable is never chosen. So a full output never stops the loop: it runs another subtask, among
 *     them the one whose input frees the output.
 * I2  A subtask that stays runnable is chosen within `count` choices.
 */
export function chooseNext(count: number, isRunnable: (index: number) => boolean, cursor: number): number | undefined {
  for (let i = 0; i < count; i += 1) {
    const index = (cursor + i) % count;
    if (isRunnable(index)) {
      return index;
    }
  }
  return undefined;
}
