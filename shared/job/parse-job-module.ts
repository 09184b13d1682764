import type { JobDefinition } from '../graph/define-job.ts';

export type JobModuleResult =
  | { readonly kind: 'job'; readonly job: JobDefinition }
  /** One sentence: what is wrong with the module, and what to do. */
  | { readonly kind: 'problem'; readonly problem: string };

/** The job that an imported module exports by the name `job`. `module` is its namespace object. */
export function parseJobModule(module: unknown): JobModuleResult {
  if (typeof module !== 'object' || module === null) {
    return { kind: 'problem', problem: 'it is no module' };
  }
  if (!('job' in module)) {
    const found = Object.keys(module);
    const names = found.length === 0 ? 'nothing' : found.slice(0, 8).join(', ');
    return {
      kind: 'problem',
      problem: `it exports ${names}, but no "job": write export const job = defineJob("name", (flow) => …)`,
    };
  }
  const { job } = module;
  return isJobDefinition(job)
    ? { kind: 'job', job }
    : { kind: 'problem', problem: 'its export "job" was not made by defineJob("name", (flow) => …)' };
}

/** By shape, not by class: a bundled module brings its own copy of `defineJob`. */
function isJobDefinition(value: unknown): value is JobDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'nerve-job' &&
    'name' in value &&
    typeof value.name === 'string' &&
    'declaredArguments' in value &&
    typeof value.declaredArguments === 'object' &&
    'build' in value &&
    typeof value.build === 'function'
  );
}
