import type { PatientNotice } from './patient-notice.ts';

/** A notice that this program wrote in another subtask of the same attempt: its shape is its own. */
export function parseNotice(json: string): PatientNotice {
  const notice: unknown = JSON.parse(json);
  if (typeof notice !== 'object' || notice === null || Reflect.get(notice, 'kind') !== 'notice') {
    throw new TypeError('a notice between two subtasks is damaged');
  }
  return notice as PatientNotice;
}
