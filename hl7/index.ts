/** The HL7 v2 library's public entry: parse, read, edit, acknowledge, extract, validate. It needs nothing of the engine. */
export {
  type AcceptCode,
  type AcknowledgementCode,
  type ApplicationCode,
  type Outcome,
} from './acknowledge/acknowledgement-code.ts';
export { acknowledge, type Acknowledgement, type AcknowledgeOptions } from './acknowledge/acknowledge.ts';
export { chooseAcknowledgements, type DueAcknowledgements } from './acknowledge/choose-acknowledgements.ts';
export { type AcknowledgedError } from './acknowledge/error-segment.ts';
export { type BatchMember, type EnvelopeWarning, type SplitPayload } from './batch/batch.ts';
export { type ParsedMember, type ParsedPayload, parsePayload } from './batch/parse-payload.ts';
export { splitBatch } from './batch/split-batch.ts';
export { type Charset } from './charset/charset.ts';
export { type CharsetPolicy } from './charset/choose-charset.ts';
export { isKnownCharset } from './charset/known-charset.ts';
export { structureGroupResolver } from './definitions/structure-group-resolver.ts';
export {
  classifyResend,
  fingerprintOf,
  type MessageFingerprint,
  type ResendVerdict,
} from './duplicates/classify-resend.ts';
export { escapeText } from './escape/escape-text.ts';
export { unescape, type UnescapeOptions } from './escape/unescape.ts';
export { encodeRecord, type ExtractContext, extractRecord } from './extract/extract-record.ts';
export { type TypedRecord } from './extract/typed-record.ts';
export { type FacilityRegistryResult, parseFacilityRegistry } from './facility/parse-facility-registry.ts';
export { emptyFacilityRegistry, type FacilityRegistry, type FacilitySettings } from './facility/facility-registry.ts';
export { fromHl7Standard, type HandedMessage, toHl7Standard } from './hl7-standard-bridge.ts';
export { buildMessage, type MessageHeader } from './message/build-message.ts';
export { type Delimiters, STANDARD_DELIMITERS } from './message/delimiters.ts';
export {
  editMessage,
  type EditOptions,
  type EditResult,
  type MessageEditor,
  type SegmentPlace,
} from './message/edit-message.ts';
export { Hl7Message, type Presence } from './message/hl7-message.ts';
export { openHeader } from './message/open-header.ts';
export { MESSAGE_BYTES_MAX, parseMessage, type ParseOptions, type ParseResult } from './message/parse-message.ts';
export {
  type Hl7Problem,
  type Hl7Warning,
  type ProblemCode,
  type ProblemStage,
  type WarningCode,
} from './message/problem.ts';
export { decodeMllp, isMllpFramed } from './mllp/decode-mllp.ts';
export { encodeMllp, type MllpEncoded } from './mllp/encode-mllp.ts';
export { FRAME_BYTES_MAX, MllpDecoder, type MllpDecoderOptions } from './mllp/mllp-decoder.ts';
export { type MllpEvent, type MllpFaultCode } from './mllp/mllp-event.ts';
export { compilePath } from './path/compile-path.ts';
export { formatPath } from './path/format-path.ts';
export { type GroupResolver } from './path/group-resolver.ts';
export { locateSegment, readPath } from './path/locate-path.ts';
export { type CompiledPath, type GroupStep, type Path } from './path/path.ts';
export { patientKey, type PatientKeyResult, type PatientKeyRules } from './patient/patient-key.ts';
export { type Route, routeOf } from './route/route-of.ts';
export {
  type BadTimestamp,
  parseTimestamp,
  type Timestamp,
  type TimestampPrecision,
} from './timestamp/parse-timestamp.ts';
export { toDtmUtc, toIsoUtc } from './timestamp/to-iso-utc.ts';
export { isKnownZone } from './timestamp/zone.ts';
export { judgeMessage, type JudgePolicy, type Verdict } from './validate/judge-message.ts';
export { judgePayload, type PayloadItem } from './validate/judge-payload.ts';
