import { customTaskConnector } from '../connectors/custom/custom-task-connector.ts';
import { fileTaskConnector } from '../connectors/file/node-file-task-connector.ts';
import { generatorTaskConnector } from '../connectors/generator/generator-task-connector.ts';
import { kafkaTaskConnector } from '../connectors/kafka/kafka-task-connector.ts';
import type { TaskConnectors } from '../shared/connector/connector.ts';

/** The connectors' task-manager halves, by the names that sources and sinks give. */
export const TASK_CONNECTORS: TaskConnectors = new Map([
  ['kafka', kafkaTaskConnector],
  ['file', fileTaskConnector],
  ['generator', generatorTaskConnector],
  ['custom', customTaskConnector],
]);
