import type { Clock } from '../../shared/clock/clock.ts';
import type { SlotPlace } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { SubtaskIndex, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { EdgeOutput } from './edge-output.ts';
import type { ExchangeLimits } from './exchange-limits.ts';
import type { PacketPort } from './packet-port.ts';

/**
 * The exchange as one slot's thread sees it: all channels that begin or end at the slot's subtasks, whatever carries them
 * (this thread, a port to another slot of the process, a port to the process' main thread and from there gRPC).
 * Made by `openSlotExchange` (open-slot-exchange.ts).
 *
 * I1  Nothing here waits. Everything that arrives is put where `poll` finds it, and `onWake` is called.
 * I2  A channel that breaks (a gap in its sequence, a peer that ended before its end of input) is told once by `onFailure`;
 *     from then on the slot's attempt is over, and the exchange hands over and sends nothing more.
 */
export interface SlotExchange {
  /**
   * The edges that leave by `output` of node `nodeUid`, in the order of the job's edges; empty when nothing outside the
   * chain reads it. The same objects on every call.
   */
  outputsOf(vertex: VertexId, subtask: SubtaskIndex, nodeUid: string, output: string): readonly EdgeOutput[];
  /** The gate of a subtask's inputs; undefined for a vertex that reads no edge (a source). The same object on every call. */
  gateOf(vertex: VertexId, subtask: SubtaskIndex): InputGate | undefined;
  /** Sends every frame that is being filled, as far as credit allows: when the loop has nothing else to run. */
  flush(): void;
  /** The same for frames whose oldest element was written at or before `monotonicMs`: once per turn with now − 5 ms. */
  flushWrittenBefore(monotonicMs: number): void;
  /** True when nothing written here waits to be sent. A slot whose subtasks have ended closes the exchange only then. */
  readonly isDrained: boolean;
  /** Closes all ports. Peers whose channels had not ended fail at once. */
  close(): void;
}

export interface SlotExchangeOptions {
  readonly graph: JobGraph;
  /** This slot's number among the job's slots (execution-layout.ts). */
  readonly slot: number;
  readonly taskManager: TaskManagerId;
  readonly places: readonly SlotPlace[];
  readonly ports: SlotPorts;
  readonly limits: ExchangeLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called when a frame, a credit or a resume arrived: something may be runnable now. Often; must be cheap. */
  readonly onWake: () => void;
  /** Called once at most. */
  readonly onFailure: (failure: Failure) => void;
}

/** The slot's ends of the ports that the main thread made (node-slot-ports.ts turns transferred ports into these). */
export interface SlotPorts {
  /** To the main thread's router: for slots of other processes. */
  readonly router: PacketPort;
  /** To the other slots of the same attempt in this process, by slot number. */
  readonly peers: ReadonlyMap<number, PacketPort>;
}
