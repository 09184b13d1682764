import { expect, test } from 'vitest';
import { parseIncarnation, parseTaskManagerId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { EMPTY_KERNEL } from '../kernel/kernel-state.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import { parseConnectionId } from '../membership/ids.ts';
import { NO_MEMBERS, withMember } from '../membership/members.ts';
import { logChanges } from './log-changes.ts';

const MEMBER = {
  id: parseTaskManagerId('tm-1'),
  incarnation: parseIncarnation('first'),
  connection: parseConnectionId(1),
  dataAddress: '127.0.0.1:1',
  slots: 2,
};
const WITH_MEMBER: KernelState = { ...EMPTY_KERNEL, membership: withMember(NO_MEMBERS, MEMBER, 0) };

test('who said goodbye has left, and who did not is lost, which somebody should look into', () => {
  expect(said((logger) => logChanges(EMPTY_KERNEL, WITH_MEMBER, logger))).toStrictEqual([
    'info task-manager-registered',
  ]);
  expect(said((logger) => logChanges(WITH_MEMBER, EMPTY_KERNEL, logger, true))).toStrictEqual([
    'info task-manager-left',
  ]);
  expect(said((logger) => logChanges(WITH_MEMBER, EMPTY_KERNEL, logger))).toStrictEqual(['warn task-manager-lost']);
});

function said(work: (logger: Logger) => void): readonly string[] {
  const lines: string[] = [];
  const say = (level: string) => (event: string) => {
    lines.push(`${level} ${event}`);
  };
  work({ ...silentLogger, info: say('info'), warn: say('warn') });
  return lines;
}
