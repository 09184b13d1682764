/** What a check's findings lead to. `warn`: the message passes and the findings are reported as warnings. */
export type ValidationMode = 'off' | 'warn' | 'dead-letter';

/** The three checks are independent: a sender may have a loose profile and yet a strict output contract. */
export interface ValidationModes {
  /** What the message says about itself: control id, type, version, times. */
  readonly syntax: ValidationMode;
  /** Required segments and fields, cardinality, tables and lengths of an HL7 profile. */
  readonly profile: ValidationMode;
  /** The JSON Schema of the output topic, checked on the record that is about to leave. */
  readonly contract: ValidationMode;
}

/** Profile off: real messages break the standard's letter so often that it is a decision per sender. */
export const defaultValidationModes: ValidationModes = {
  syntax: 'dead-letter',
  profile: 'off',
  contract: 'dead-letter',
};
