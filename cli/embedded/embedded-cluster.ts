import type { Failure } from '../../shared/failure/failure.ts';
import type { Settings } from '../cli-context.ts';

/** A cluster of this machine's own for one run: a coordinator and task-manager processes, over gRPC on loopback. */
export interface EmbeddedCluster {
  /** host:port of the coordinator. */
  readonly address: string;
  /** Resolves when a process of the cluster ended although nobody stopped it. */
  readonly broken: Promise<Failure>;
  /** Ends every process; resolves when all are gone. */
  stop(): Promise<void>;
}

export interface EmbeddedClusterOptions {
  readonly settings: Settings;
  readonly taskManagers: number;
  readonly slotsPerTaskManager: number;
}

export type StartEmbeddedCluster = (options: EmbeddedClusterOptions) => Promise<EmbeddedCluster>;
