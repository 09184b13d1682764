import type {
  Checkpointing as WireCheckpointing,
  CheckpointingDecoded,
} from '../../proto/generated/nerve/v1/Checkpointing.ts';
import type { Deploy, DeployDecoded } from '../../proto/generated/nerve/v1/Deploy.ts';
import type { JobModule as WireModule, JobModuleDecoded } from '../../proto/generated/nerve/v1/JobModule.ts';
import type { QuarantinedRecordDecoded } from '../../proto/generated/nerve/v1/QuarantinedRecord.ts';
import type { DeployedCheckpointing, Deployment, JobModule, QuarantinedFingerprint } from '../control/messages.ts';
import { parseArtifactHash, parseCheckpointId, parseOperatorUid, parseSlotIndex, parseTaskManagerId } from '../ids.ts';
import { required } from '../invariant.ts';
import { attemptFromWire, attemptToWire, present } from './keys-wire.ts';

export function deploymentToWire(deployment: Deployment): Deploy {
  return {
    ...attemptToWire(deployment),
    module: moduleToWire(deployment.module),
    arguments: { ...deployment.args },
    defaultParallelism: deployment.defaultParallelism,
    maxParallelism: deployment.maxParallelism,
    parallelismOverrides: { ...deployment.parallelismOverrides },
    fingerprint: deployment.fingerprint,
    slots: deployment.slots.map(({ slot, taskManager, slotIndex, dataAddress }) => ({
      slot,
      taskManagerId: taskManager,
      slotIndex,
      dataAddress,
    })),
    checkpointing: checkpointingToWire(deployment.checkpointing),
    quarantined: deployment.quarantined.map((record) => ({ ...record })),
  };
}

export function deploymentFromWire(wire: DeployDecoded): Deployment {
  return {
    ...attemptFromWire(wire),
    module: moduleFromWire(present(wire.module, 'module')),
    args: wire.arguments,
    defaultParallelism: wire.defaultParallelism,
    maxParallelism: wire.maxParallelism,
    parallelismOverrides: wire.parallelismOverrides,
    fingerprint: wire.fingerprint,
    slots: wire.slots.map(({ slot, taskManagerId, slotIndex, dataAddress }) => ({
      slot,
      taskManager: parseTaskManagerId(taskManagerId),
      slotIndex: parseSlotIndex(slotIndex),
      dataAddress,
    })),
    checkpointing: checkpointingFromWire(present(wire.checkpointing, 'checkpointing')),
    quarantined: wire.quarantined.map(quarantinedFromWire),
  };
}

export function quarantinedFromWire(wire: QuarantinedRecordDecoded): QuarantinedFingerprint {
  const { operator, fingerprint, error, failures } = wire;
  return { operator: parseOperatorUid(operator), fingerprint, error, failures };
}

function checkpointingToWire(checkpointing: DeployedCheckpointing): WireCheckpointing {
  const { lineage, directory, restore, clusterId, transactionPool } = checkpointing;
  return {
    lineage,
    directory,
    clusterId,
    transactionPool,
    ...(restore === undefined
      ? {}
      : { restore: { checkpointId: String(restore.checkpoint), metadataKey: restore.metadataKey } }),
  };
}

function checkpointingFromWire(wire: CheckpointingDecoded): DeployedCheckpointing {
  const { lineage, directory, clusterId, transactionPool, restore } = wire;
  return {
    lineage,
    directory,
    clusterId,
    transactionPool,
    restore:
      restore === null
        ? undefined
        : { checkpoint: parseCheckpointId(BigInt(restore.checkpointId)), metadataKey: restore.metadataKey },
  };
}

export function moduleToWire(module: JobModule): WireModule {
  return module.kind === 'artifact' ? { artifactSha256: module.hash } : { path: module.path };
}

export function moduleFromWire(wire: JobModuleDecoded): JobModule {
  return wire.at === 'path'
    ? { kind: 'path', path: required(wire.path, 'module path') }
    : { kind: 'artifact', hash: parseArtifactHash(required(wire.artifactSha256, 'artifact hash')) };
}
