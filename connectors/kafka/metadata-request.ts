import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** Metadata, version 5: which brokers there are, and who leads the partitions of which topics. */
export interface ClusterMetadata {
  readonly brokers: readonly BrokerAddress[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  /** The leader's node id; −1 while there is none. */
  readonly leader: number;
}

/** `topics` undefined: all of them. Never creates a topic. */
export function metadataRequest(topics: readonly string[] | undefined): ApiRequest {
  const body = new RequestWriter();
  if (topics === undefined) {
    body.int32(-1);
  } else {
    body.array(topics, (topic) => body.string(topic));
  }
  body.int8(0);
  return { apiKey: 3, apiVersion: 5, apiName: 'Metadata', chunks: [body.finish()], holdMs: 0 };
}

export function parseMetadata(bytes: Buffer): ClusterMetadata {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  const brokers = reader.array(readBroker);
  reader.string(); // cluster id
  return { brokers, controllerId: reader.int32(), topics: reader.array(readTopic) };
}

function readBroker(reader: ResponseReader): BrokerAddress {
  const broker = { nodeId: reader.int32(), host: reader.string() ?? '', port: reader.int32() };
  reader.string(); // rack
  return broker;
}

function readTopic(reader: ResponseReader): TopicMetadata {
  return {
    errorCode: reader.int16(),
    topic: reader.string() ?? '',
    isInternal: reader.int8() !== 0,
    partitions: reader.array(readPartition),
  };
}

function readPartition(reader: ResponseReader): PartitionMetadata {
  const partition = { errorCode: reader.int16(), partition: reader.int32(), leader: reader.int32() };
  reader.array((each) => each.int32()); // replicas
  reader.array((each) => each.int32()); // in-sync replicas
  reader.array((each) => each.int32()); // offline replicas
  return partition;
}
