// Which schema every topic's records are checked against and, optionally, framed with. Settled once, before a job starts:
// I1 While a job runs the registry is not asked, so a registry that goes away then changes nothing.
// I2 Without an answer nothing is guessed: the job either starts on the schemas that come with this release (and says so), or does
//    not start. Which of the two is the user's to say (`whenAway`).
// I3 An incompatible schema always stops the start: consumers would break on the first record.
import { recordSchema, schemaRoutes, type JsonSchema } from '../schemas/record-schema.ts';
import type { Route } from '../route/route-of.ts';
import type { CompatibilityRule, RegistryAnswer, SchemaId, SchemaRegistry } from './schema-registry.ts';

export interface ContractPolicy {
  /** Topic of a route; its subject is `<topic>-value`. */
  readonly topicOf: (route: Route) => string;
  /**
   * `register`: the schemas of this release become the topics' (the producer decides). `latest`: what the registry has holds (the
   * data team decides); a topic it does not know is registered.
   */
  readonly source: 'register' | 'latest';
  /** Rule of a topic; default FORWARD: consumers with an older schema go on reading. */
  readonly compatibility?: (route: Route) => CompatibilityRule;
  readonly whenAway: 'fail' | 'use-built-in';
}

export interface SettledContract {
  readonly schema: JsonSchema;
  /** Undefined when the registry was away: such records cannot be framed. */
  readonly id: SchemaId | undefined;
}

export type SettledContracts =
  | {
      readonly kind: 'settled';
      readonly contracts: Readonly<Partial<Record<Route, SettledContract>>>;
      /** What the user should know: a topic that runs on the built-in schema because the registry was away. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'failed'; readonly problems: readonly string[] };

export async function settleContracts(
  registry: SchemaRegistry,
  policy: ContractPolicy,
  signal: AbortSignal,
): Promise<SettledContracts> {
  const contracts: Partial<Record<Route, SettledContract>> = {};
  const warnings: string[] = [];
  const problems: string[] = [];
  for (const route of schemaRoutes) {
    const subject = `${policy.topicOf(route)}-value`;
    const answer = await settle(registry, { route, subject, policy }, signal);
    if (answer.kind === 'ok') {
      contracts[route] = answer.value;
    } else if (answer.kind === 'away' && policy.whenAway === 'use-built-in') {
      contracts[route] = { schema: recordSchema(route), id: undefined };
      warnings.push(`${subject}: ${answer.sentence} The schema that comes with this release is used, without an id.`);
    } else {
      problems.push(`${subject}: ${answer.kind === 'not-found' ? 'the registry does not know it.' : answer.sentence}`);
    }
  }
  return problems.length > 0 ? { kind: 'failed', problems } : { kind: 'settled', contracts, warnings };
}

interface TopicToSettle {
  readonly route: Route;
  readonly subject: string;
  readonly policy: ContractPolicy;
}

async function settle(
  registry: SchemaRegistry,
  { route, subject, policy }: TopicToSettle,
  signal: AbortSignal,
): Promise<RegistryAnswer<SettledContract>> {
  if (policy.source === 'latest') {
    const latest = await registry.latest(subject, signal);
    if (latest.kind !== 'not-found') {
      return latest;
    }
  }
  const rule = policy.compatibility?.(route) ?? 'FORWARD';
  const ruled = await registry.setCompatibility(subject, rule, signal);
  if (ruled.kind !== 'ok') {
    return ruled;
  }
  const schema = recordSchema(route);
  const registered = await registry.register(subject, schema, signal);
  return registered.kind === 'ok' ? { kind: 'ok', value: { schema, id: registered.value } } : registered;
}
