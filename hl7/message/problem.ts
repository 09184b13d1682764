/** Why a message was refused. The set is closed: a dead letter's `reason` header is always one of these. */
export type ProblemCode =
  | 'E_EMPTY' // no bytes, or white space and framing bytes only
  | 'E_TOO_LARGE' // more bytes than the configured limit
  | 'E_FRAME' // MLLP framing is broken; the sentence names the fault
  | 'E_NOT_HL7' // the payload does not start with MSH
  | 'E_BATCH' // several messages or a batch envelope where one message was expected
  | 'E_BAD_DELIMITERS' // MSH-1/MSH-2 are not 5 (or 6) distinct printable non-alphanumeric characters
  | 'E_BAD_SEGMENT' // a line without a segment name
  | 'E_CHARSET' // bytes that the declared character set cannot hold
  | 'E_NO_MESSAGE_TYPE' // MSH-9.1 is empty
  | 'E_NO_CONTROL_ID' // MSH-10 is empty
  | 'E_TRUNCATED' // a segment the message structure requires at its end is missing
  | 'E_UNKNOWN_FACILITY' // the sender is not in the facility registry, where the policy is to dead-letter it
  | 'E_PROFILE' // a rule of the HL7 profile is broken
  | 'E_NO_PATIENT_ID' // a patient message without PID-3 and PID-2
  | 'E_CONTRACT' // the output record breaks its JSON Schema
  | 'E_DUPLICATE'; // an exact resend, where the policy is to dead-letter it

/** What was odd but passed. */
export type WarningCode =
  | 'W_LEADING_WHITESPACE'
  | 'W_SEGMENT_CASE'
  | 'W_BLANK_SEGMENT'
  | 'W_NO_VERSION'
  | 'W_UNKNOWN_VERSION'
  | 'W_NO_TRIGGER'
  | 'W_BAD_DTM_MSH7'
  | 'W_BAD_DTM'
  | 'W_BAD_ESCAPE'
  | 'W_CHARSET_GUESSED'
  | 'W_CHARSET_MISMATCH'
  | 'W_UNKNOWN_CHARSET'
  | 'W_NO_CONTROL_ID'
  | 'W_TRUNCATED'
  | 'W_PROFILE'
  | 'W_CONTRACT'
  | 'W_NO_PATIENT_ID'
  | 'W_KEY_FROM_PID2'
  | 'W_UNKNOWN_FACILITY'
  | 'W_CONTROL_ID_COLLISION';

/** Where in the pipeline a message was refused. */
export type ProblemStage = 'frame' | 'parse' | 'validate' | 'key' | 'contract';

export interface Hl7Problem {
  readonly code: ProblemCode;
  readonly stage: ProblemStage;
  /** Byte offset into the bytes that were given. */
  readonly position: number;
  /** What is wrong and what to do, without any content of the message: it goes to logs and headers. */
  readonly sentence: string;
}

export interface Hl7Warning {
  readonly code: WarningCode;
  /** Byte offset of the first occurrence. */
  readonly position: number;
  readonly sentence: string;
}
