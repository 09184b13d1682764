/**
 * Every failpoint, once: a named moment of a protocol at which a test makes a real process fail. Each stands at exactly the
 * place its sentence describes (a test of the tree checks that each is called). DESIGN §7 and §8 say why the moment matters.
 */
export const FAILPOINTS = {
  'task.before-barrier': 'A slot has a trigger or a full set of barriers, and has captured nothing yet.',
  'task.after-freeze': 'A subtask has captured its operators and passed the barrier on; nothing is written yet.',
  'task.during-upload': 'Between two objects of one snapshot that go to the snapshot store.',
  'task.before-ack': 'Everything of a checkpoint is written and prepared; its acknowledgement has not left.',
  'task.after-ack': 'The acknowledgement has left for the coordinator.',
  'task.completed-received': 'A slot has heard that a checkpoint completed, and has told nobody yet.',
  'task.during-restore': 'An operator is being given its state back, before its first record.',
  'coordinator.ids-reserved': 'A block of checkpoint ids is reserved; none of them is used yet.',
  'coordinator.half-triggered': 'Some of the sources are told to take a checkpoint, others not yet.',
  'coordinator.after-last-ack': 'Every subtask has acknowledged; nothing of the checkpoint is written yet.',
  'coordinator.metadata-written': 'The metadata object of a checkpoint exists; no pointer names it.',
  'coordinator.pointer-written': 'The pointer names the checkpoint; nothing of it is committed.',
  'coordinator.before-commit': 'The commits of a checkpoint are about to begin.',
  'coordinator.during-commit': 'One sink of a checkpoint is committed; there is no marker yet.',
  'coordinator.marker-written': 'The marker says that the checkpoint is committed; no task has heard of it.',
  'coordinator.before-notify': 'The tasks are about to be told that a checkpoint completed.',
  'coordinator.terminal-written': "The job's terminal record is written; nobody has heard of it.",
  'coordinator.condemned': 'An attempt is condemned; its transactions are not fenced yet.',
  'coordinator.before-deploy': 'The old attempt is over, and the new one recorded; nothing of it is deployed.',
  'savepoint.before-manifest': 'All objects of a savepoint are copied; its manifest is not.',
  'savepoint.manifest-written': 'The savepoint is whole; whoever asked has no answer yet.',
  'kafka.before-init-producer-id': 'A writer is about to ask for the producer id and epoch of a transactional id.',
  'kafka.before-end-txn': 'The committer is about to commit a Kafka transaction.',
  'kafka.after-end-txn': 'The broker has committed a Kafka transaction; the committer has not said so.',
  'store.put': 'Bytes are about to be put into the snapshot store.',
  'store.get': 'Bytes have been read from the snapshot store, and nobody has checked them.',
} as const;

export type FailpointName = keyof typeof FAILPOINTS;

export function isFailpointName(name: string): name is FailpointName {
  return Object.hasOwn(FAILPOINTS, name);
}
