import type { Hl7Message } from '../message/hl7-message.ts';
import type { GroupStep } from './path.ts';

/**
 * Finds segments by the groups of the message structure. The port is implemented from the HL7 definitions; the
 * message itself knows no structure.
 */
export interface GroupResolver {
  /**
   * The index of the `occurrence`-th (from 1) segment of this name inside the group that `groups` names from the
   * outermost inwards, or -1.
   */
  resolveSegment(message: Hl7Message, groups: readonly GroupStep[], segment: string, occurrence: number): number;
}
