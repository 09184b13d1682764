import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Chain } from '../operators/chain.ts';

/**
 * Closes everything of a chain, the reader first. An error here changes nothing any more, since the subtask has ended: it is
 * logged, and the rest is closed.
 */
export async function closeChain(chain: Chain, logger: Logger): Promise<void> {
  const attempt = async (uid: string, close: () => void | Promise<void>): Promise<void> => {
    try {
      await close();
    } catch (error) {
      logger.warn('close-failed', { uid, failure: formatFailure(classifyUnknown(error, `closing ${uid}`)) });
    }
  };
  const { source } = chain;
  if (source !== undefined) {
    await attempt(source.scope.uid, async () => {
      await source.reader.close();
    });
  }
  for (const operator of chain.operators) {
    await attempt(operator.scope.uid, async () => {
      await operator.close?.();
    });
  }
  for (const sink of chain.sinks) {
    await attempt(sink.scope.uid, async () => {
      await sink.writer.close();
    });
  }
}
