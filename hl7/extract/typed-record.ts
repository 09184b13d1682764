// The typed record of one message, as it stands on the output topics (JSON). Rules that hold for every field:
// I1 A field the sender left out or left empty is absent here. The HL7 null ("") is `null`: "delete what you have stored".
// I2 Times are ISO 8601. With a time of day they are UTC (`2026-03-01T08:30:15Z`); a date alone keeps its precision and is never
//    shifted by a zone (`2026-03-01`, `2026-03`, `2026`). What is no time stands in `unreadableTimes`, so nothing is lost.
// I3 Order is the message's order. `observations[i].order` is the index in `orders` of the order it belongs to.
// I4 `patient`, `visit`, `orders`, `observations` are those of the message's FIRST patient. A message with several PID segments
//    (A17, A40 with several merges, ORU with several PATIENT_RESULT) has the others, whole, in `furtherPatients`: nothing
//    observed on one patient can be read as another's.
// Field by field: hl7/schemas/README.md.

/** Text, the HL7 null, or absent. */
export type Text = string | null | undefined;

/** CX: an identifier and who issued it. */
export interface Identifier {
  id?: Text;
  authority?: Text;
  authorityId?: Text;
  authorityIdType?: Text;
  type?: Text;
}

/** CE, CWE, CNE: a code, its text and its system, with the alternate triple. */
export interface Code {
  code?: Text;
  text?: Text;
  system?: Text;
  altCode?: Text;
  altText?: Text;
  altSystem?: Text;
}

/** XPN: a person's name. */
export interface PersonName {
  family?: Text;
  given?: Text;
  middle?: Text;
  suffix?: Text;
  prefix?: Text;
  type?: Text;
}

/** XCN: a person with an identifier (physicians, staff). */
export interface Staff {
  id?: Text;
  family?: Text;
  given?: Text;
  authority?: Text;
}

/** XAD: a postal address. */
export interface Address {
  street?: Text;
  other?: Text;
  city?: Text;
  state?: Text;
  zip?: Text;
  country?: Text;
  type?: Text;
}

/** XTN: a telephone number or an electronic address. */
export interface Telecom {
  number?: Text;
  use?: Text;
  equipment?: Text;
  email?: Text;
}

/** EI: an entity identifier, such as a placer order number. */
export interface EntityId {
  id?: Text;
  namespace?: Text;
}

/** PL: a place in a hospital. */
export interface Location {
  pointOfCare?: Text;
  room?: Text;
  bed?: Text;
  facility?: Text;
  building?: Text;
  floor?: Text;
}

export interface Patient {
  identifiers?: Identifier[] | null | undefined;
  names?: PersonName[] | null | undefined;
  birthDate?: Text;
  sex?: Text;
  race?: Code | null | undefined;
  addresses?: Address[] | null | undefined;
  homePhones?: Telecom[] | null | undefined;
  workPhones?: Telecom[] | null | undefined;
  language?: Code | null | undefined;
  maritalStatus?: Code | null | undefined;
  account?: Identifier | null | undefined;
  deceasedAt?: Text;
  deceased?: Text;
}

export interface Visit {
  class?: Text;
  location?: Location | null | undefined;
  admissionType?: Text;
  priorLocation?: Location | null | undefined;
  attending?: Staff | null | undefined;
  referring?: Staff | null | undefined;
  consulting?: Staff[] | null | undefined;
  service?: Text;
  admitSource?: Text;
  admitting?: Staff | null | undefined;
  patientType?: Text;
  visitNumber?: Identifier | null | undefined;
  dischargeDisposition?: Text;
  admittedAt?: Text;
  dischargedAt?: Text;
}

export interface TriggerEvent {
  type?: Text;
  recordedAt?: Text;
  plannedAt?: Text;
  reason?: Text;
  operator?: Staff | null | undefined;
  occurredAt?: Text;
}

/** One order: an ORC and the OBR that follows it, or either alone. */
export interface Order {
  control?: Text;
  placer?: EntityId | null | undefined;
  filler?: EntityId | null | undefined;
  group?: EntityId | null | undefined;
  status?: Text;
  orderedAt?: Text;
  orderedBy?: Staff | null | undefined;
  code?: Code | null | undefined;
  priority?: Text;
  requestedAt?: Text;
  observedAt?: Text;
  observedEndAt?: Text;
  receivedAt?: Text;
  provider?: Staff | null | undefined;
  resultedAt?: Text;
  section?: Text;
  resultStatus?: Text;
  reason?: Code | null | undefined;
  /** Whether the order is a medication or diet rather than an observation request: the segment that details it (RXO, ODS …). */
  detail?: string | undefined;
  notes?: string[] | undefined;
}

export interface Observation {
  /** Index in `orders`; absent when no order precedes it. */
  order?: number | undefined;
  setId?: Text;
  type?: Text;
  code?: Code | null | undefined;
  subId?: Text;
  /** OBX-5. One value as text; several repetitions as an array. A composite (CWE, SN, ED …) as an array of its components. */
  value?: ObservationValue | undefined;
  units?: Code | null | undefined;
  range?: Text;
  flags?: string[] | null | undefined;
  status?: Text;
  observedAt?: Text;
  analysedAt?: Text;
  notes?: string[] | undefined;
}

export type ObservationValue =
  string | null | { components: (string | null)[] } | (string | null | { components: (string | null)[] })[];

export interface Charge {
  setId?: Text;
  id?: Text;
  batch?: Text;
  transactedAt?: Text;
  postedAt?: Text;
  type?: Text;
  code?: Code | null | undefined;
  description?: Text;
  quantity?: Text;
  amount?: Text;
  unitAmount?: Text;
  department?: Code | null | undefined;
  location?: Location | null | undefined;
  patientType?: Text;
  diagnoses?: Code[] | null | undefined;
  performedBy?: Staff | null | undefined;
  orderedBy?: Staff | null | undefined;
  procedure?: Code | null | undefined;
}

export interface ClinicalDocument {
  type?: Code | null | undefined;
  presentation?: Text;
  activityAt?: Text;
  provider?: Staff | null | undefined;
  originatedAt?: Text;
  transcribedAt?: Text;
  editedAt?: Text;
  originators?: Staff[] | null | undefined;
  transcriptionist?: Staff | null | undefined;
  number?: EntityId | null | undefined;
  parentNumber?: EntityId | null | undefined;
  placer?: EntityId | null | undefined;
  filler?: EntityId | null | undefined;
  fileName?: Text;
  completionStatus?: Text;
  confidentiality?: Text;
  availability?: Text;
  /** The text of the OBX of type TX, FT and ST, one line each, in order. */
  text?: string | undefined;
}

/** MRG: the identifiers that cease to be valid in favour of the record's patient. */
export interface Merge {
  identifiers?: Identifier[] | null | undefined;
  account?: Identifier | null | undefined;
  patientId?: Identifier | null | undefined;
  visitNumber?: Identifier | null | undefined;
  names?: PersonName[] | null | undefined;
}

/** What belongs to one patient of a message. */
export interface PatientSection {
  patient?: Patient | undefined;
  visit?: Visit | undefined;
  merge?: Merge | undefined;
  orders?: Order[] | undefined;
  observations?: Observation[] | undefined;
  charges?: Charge[] | undefined;
  notes?: string[] | undefined;
}

export interface TypedRecord extends PatientSection {
  messageType: string;
  trigger?: string | undefined;
  structure?: string | undefined;
  version?: string | undefined;
  controlId: string;
  processingId?: string | undefined;
  /** MSH-7 in UTC; when that is missing or unreadable, the time the message was received (`eventTimeFrom`). */
  eventTime: string;
  eventTimeFrom: 'MSH-7' | 'received';
  sourceSystem: string;
  facilityId: string;
  ingestionTs: string;
  sendingApplication?: string | undefined;
  sendingFacility?: string | undefined;
  event?: TriggerEvent | undefined;
  document?: ClinicalDocument | undefined;
  furtherPatients?: PatientSection[] | undefined;
  /** Path → text of every time field that is no HL7 time: kept, not guessed. */
  unreadableTimes?: Record<string, string> | undefined;
}
