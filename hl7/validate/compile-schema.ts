import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A compiled JSON Schema. Reads the value in place: nothing is copied, coerced or given defaults. */
export interface SchemaCheck {
  /** Undefined when the value conforms, else what is wrong, without any of its content. */
  findViolations(value: unknown): readonly SchemaViolation[] | undefined;
}

/** Where and what: a JSON pointer of property names and a sentence that quotes the schema, never the data. */
export interface SchemaViolation {
  readonly pointer: string;
  readonly rule: string;
  readonly sentence: string;
}

export type CompileResult =
  { readonly kind: 'compiled'; readonly check: SchemaCheck } | { readonly kind: 'invalid'; readonly problem: string };

/** Compiles a schema of draft 2020-12 once. `everyProblem` finds all violations (for files); otherwise the first one ends it. */
export function compileSchema(schema: unknown, options: { readonly everyProblem?: boolean } = {}): CompileResult {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    return { kind: 'invalid', problem: 'A JSON Schema must be an object.' };
  }
  const ajv = new Ajv2020({
    allErrors: options.everyProblem === true,
    // Unknown keywords are refused (they would check nothing); the rest of strict mode is style, and users bring their own.
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
  });
  formats.default(ajv, { mode: 'fast', formats: ['date-time', 'date', 'uri'] });
  try {
    return { kind: 'compiled', check: checkOf(ajv.compile(schema)) };
  } catch (error) {
    return {
      kind: 'invalid',
      problem: `The JSON Schema does not compile: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function checkOf(validate: ValidateFunction): SchemaCheck {
  return {
    findViolations(value) {
      return validate(value) ? undefined : (validate.errors ?? []).map(violationOf);
    },
  };
}

function violationOf(error: ErrorObject): SchemaViolation {
  const pointer = error.instancePath === '' ? '/' : error.instancePath;
  return { pointer, rule: error.keyword, sentence: `${pointer} ${sentenceOf(error)}.` };
}

function sentenceOf(error: ErrorObject): string {
  const parameters: Record<string, unknown> = error.params;
  const message = error.message ?? 'does not conform';
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${JSON.stringify(parameters['allowedValues'])}`;
    case 'const':
      return `must be ${JSON.stringify(parameters['allowedValue'])}`;
    case 'additionalProperties':
      return `must not have the property ${JSON.stringify(parameters['additionalProperty'])}`;
    default:
      return message;
  }
}
