import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { ApiRequest } from './api-request.ts';
import type { KafkaCommittable } from './committable.ts';
import { describeWritten } from './committable.ts';
import {
  errorOf,
  INVALID_TOPIC,
  INVALID_TRANSACTION_TIMEOUT,
  TOPIC_AUTHORIZATION_FAILED,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
} from './error-codes.ts';

/** What brokers refuse, as failures that name the cause and the remedy. */

export function unknownTopic(topic: string, brokers: readonly string[]): Failure {
  return {
    code: 'kafka-unknown-topic',
    reaction: 'fail-job',
    message: `Topic "${topic}" does not exist on ${brokers.join(',')}.`,
    remedy: `Create it (kafka-topics.sh --create --topic ${topic} --partitions N), or correct the topic's name or the brokers.`,
  };
}

export function offsetOutOfRange(topic: string, partition: number, offset: bigint): Failure {
  return {
    code: 'kafka-offset-out-of-range',
    reaction: 'fail-job',
    message: `${topic}-${partition}: offset ${offset} is not in the log; records before it were deleted, or the topic was created anew.`,
    remedy:
      'Nothing was skipped. Raise the retention of the topic, and start the job without its old position to accept what is lost.',
  };
}

export function recordTooLarge(topic: string, bytes: number, limit: number | undefined): Failure {
  return {
    code: 'kafka-record-too-large',
    reaction: 'fail-job',
    message:
      limit === undefined
        ? `A record of ${bytes} bytes for topic "${topic}" is larger than the broker accepts (max.message.bytes of the topic).`
        : `A record of ${bytes} bytes for topic "${topic}" is larger than the sink's maxRecordBytes (${limit}).`,
    remedy:
      limit === undefined
        ? `Raise it (kafka-configs.sh --alter --topic ${topic} --add-config max.message.bytes=N), or let the job dead-letter records of that size by reference.`
        : 'Raise maxRecordBytes and the limit of the topic, or let the job dead-letter records of that size by reference.',
  };
}

export function unsupportedRequest({ apiName, apiVersion }: ApiRequest, broker: string): Failure {
  return {
    code: 'kafka-version-unsupported',
    reaction: 'fail-job',
    message: `Kafka at ${broker} does not understand ${apiName} in version ${apiVersion}.`,
    remedy: 'Use Kafka 2.3 to 4.x; exactly-once sinks need 3.0 or newer.',
  };
}

export function noLeader(topic: string, partition: number, brokers: readonly string[]): Failure {
  return {
    code: 'kafka-no-leader',
    reaction: 'retry',
    message: `${topic}-${partition} has no leader on ${brokers.join(',')}.`,
    remedy: 'Start the brokers that hold its replicas.',
  };
}

/** A retry that ran out of time: this attempt is over, `last` is what stood in the way. */
export function deliveryTimeout(what: string, timeoutMs: number, last: Failure): Failure {
  return {
    code: 'kafka-delivery-timeout',
    reaction: 'restart-job',
    message: `${what} was not delivered within ${Math.round(timeoutMs / 1_000)} s. ${last.message}`,
    remedy: last.remedy ?? 'Look at the state of the brokers.',
  };
}

/** A code of a broker about a topic (or a partition of it). */
export function brokerRefusal(code: number, doing: string, topic: string, brokers: readonly string[]): Failure {
  if (code === UNKNOWN_TOPIC_OR_PARTITION) {
    return unknownTopic(topic, brokers);
  }
  const error = errorOf(code);
  const message = `${doing} "${topic}" on ${brokers.join(',')}: ${error.name}.`;
  if (code === TOPIC_AUTHORIZATION_FAILED) {
    return {
      code: 'kafka-not-authorized',
      reaction: 'fail-job',
      message,
      remedy: 'Give the user of kafka.sasl.username the right by an ACL on the topic (kafka-acls.sh --add).',
    };
  }
  if (code === INVALID_TOPIC) {
    return { code: 'kafka-invalid-topic', reaction: 'fail-job', message, remedy: 'Correct the name of the topic.' };
  }
  switch (error.class) {
    case 'retry':
      return {
        code: 'kafka-not-available',
        reaction: 'retry',
        message,
        remedy: 'Look at the state of the brokers.',
      };
    case 'hopeless':
      return {
        code: 'kafka-refused',
        reaction: 'fail-job',
        message,
        remedy: 'See the log of the broker and the configuration of the topic.',
      };
    default:
      return { code: 'kafka-error', reaction: 'restart-job', message };
  }
}

/** A code of the broker that coordinates a transactional id or a group. */
export function coordinatorRefusal(code: number, doing: string, key: string, brokers: readonly string[]): Failure {
  const error = errorOf(code);
  const message = `${doing} "${key}" on ${brokers.join(',')}: ${error.name}.`;
  if (code === TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
    return {
      code: 'kafka-not-authorized',
      reaction: 'fail-job',
      message,
      remedy:
        'Give the user of kafka.sasl.username the rights Write and Describe on transactional ids that begin with the cluster id (kafka-acls.sh --add --transactional-id … --resource-pattern-type prefixed).',
    };
  }
  if (code === INVALID_TRANSACTION_TIMEOUT) {
    return {
      code: 'kafka-transaction-timeout',
      reaction: 'fail-job',
      message: `${message} The sink's transactionTimeoutMs is larger than the broker's transaction.max.timeout.ms.`,
      remedy: 'Lower transactionTimeoutMs, or raise transaction.max.timeout.ms of the brokers.',
    };
  }
  switch (error.class) {
    case 'retry':
      return { code: 'kafka-not-available', reaction: 'retry', message, remedy: 'Look at the state of the brokers.' };
    case 'hopeless':
      return { code: 'kafka-refused', reaction: 'fail-job', message, remedy: 'See the log of the broker.' };
    default:
      return { code: 'kafka-error', reaction: 'restart-job', message };
  }
}

/** Somebody newer has the writer's transactional id: its attempt was given up. */
export function writerFenced(transactionalId: string): Failure {
  return {
    code: 'kafka-writer-fenced',
    reaction: 'restart-job',
    message: `Transactional id "${transactionalId}" was taken from this writer: its attempt was given up, or the id is used by another job.`,
    remedy: 'Nothing is lost. If it happens again, see that no two clusters share a cluster id.',
  };
}

/** DESIGN §8.8: loud, and the end of the job. */
export function exactlyOnceViolation(committable: KafkaCommittable, because: string): Failure {
  const { transactionalId, producerId, producerEpoch } = committable;
  return {
    code: 'exactly-once-violation',
    reaction: 'fail-job',
    message: `Output of a completed checkpoint is lost: transaction "${transactionalId}" (producer ${producerId}, epoch ${producerEpoch}) cannot be committed, ${because}. It wrote ${describeWritten(committable)}.`,
    remedy:
      'Readers that read committed never see these records. Start the job from an earlier checkpoint or savepoint to write them again, or accept the loss.',
  };
}

/** DESIGN §8.1: never waited for, since nothing of this attempt would make one free. */
export function transactionPoolExhausted(size: number, retired: number): Failure {
  return {
    code: 'kafka-transaction-pool-exhausted',
    reaction: 'restart-job',
    message: `All ${size} transactions of a Kafka writer wait for their commit${retired === 0 ? '' : ` (${retired} of them were given up after requests without an answer)`}: too many checkpoints in a row did not complete.`,
    remedy: 'See why checkpoints fail, or raise execution.checkpointing.tolerable-failed-checkpoints.',
  };
}

/** Throws the failure of a code that is not 0. */
export function throwIfRefused(code: number, doing: string, topic: string, brokers: readonly string[]): void {
  if (code !== 0) {
    throw new StreamError(brokerRefusal(code, doing, topic, brokers));
  }
}
