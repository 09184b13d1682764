import type { SinkWriterContext } from '../../shared/connector/sink.ts';
import type { SourceReaderContext } from '../../shared/connector/source.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Chain } from '../operators/chain.ts';
import type { Operator, OperatorOpenContext } from '../operators/operator.ts';
import { placed } from '../operators/operator-scope.ts';
import type { StateContext } from '../operators/state-context.ts';

/** What functions, readers and writers are told when they open, by their operator's uid. */
export interface OpenContexts {
  readonly logger: Logger;
  stateContext(uid: string): StateContext;
  functionContext(uid: string): OperatorOpenContext;
  readerContext(uid: string): SourceReaderContext;
  writerContext(uid: string): SinkWriterContext;
}

/**
 * Restores the state of a chain's operators, then opens their functions from the tail to the head, then its writers, then its
 * reader. @throws StreamError
 */
export async function openChain(chain: Chain, contexts: OpenContexts, signal: AbortSignal): Promise<void> {
  for (const operator of chain.operators) {
    await operator.restore?.(contexts.stateContext(operator.scope.uid), signal);
  }
  for (const operator of [...chain.operators].reverse()) {
    openFunction(operator, contexts);
  }
  for (const sink of chain.sinks) {
    const { writer, scope } = sink;
    try {
      await writer.open(contexts.writerContext(scope.uid), signal);
    } catch (error) {
      throw placed(error, scope);
    }
  }
  const { source } = chain;
  if (source !== undefined) {
    try {
      await source.reader.open(contexts.readerContext(source.scope.uid), signal);
    } catch (error) {
      throw placed(error, source.scope);
    }
  }
}

function openFunction(operator: Operator, contexts: OpenContexts): void {
  try {
    operator.open?.(contexts.functionContext(operator.scope.uid));
  } catch (error) {
    throw placed(error, operator.scope);
  }
}
