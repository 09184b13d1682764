// The JSON Schemas (draft 2020-12) of the output topics. This file is their source; the files beside it are written from it by
// scripts/write-schemas.ts, and a test keeps both equal. Schemas are open (no additionalProperties: false): a job may add fields,
// and a consumer must ignore what it does not know. So an added optional field never breaks a consumer that has the older schema.
import type { Route } from '../route/route-of.ts';

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const text = { type: ['string', 'null'] };
/** ISO 8601: UTC with a time of day, or a date of lesser precision; null is HL7's "delete". */
const time = {
  type: ['string', 'null'],
  pattern: '^\\d{4}(?:-\\d\\d(?:-\\d\\d(?:T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)?)?)?$',
};
const instant = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' };
const date = { type: ['string', 'null'], pattern: '^\\d{4}(?:-\\d\\d(?:-\\d\\d)?)?$' };
const texts = { type: ['array', 'null'], items: { type: 'string' } };

function object(properties: JsonSchema, description: string): JsonSchema {
  return { type: ['object', 'null'], description, properties };
}

function ref(name: string): JsonSchema {
  return { $ref: `#/$defs/${name}` };
}

function list(name: string): JsonSchema {
  return { type: ['array', 'null'], items: ref(name) };
}

const dataTypes = {
  Identifier: object({ id: text, authority: text, authorityId: text, authorityIdType: text, type: text }, 'CX'),
  Code: object({ code: text, text, system: text, altCode: text, altText: text, altSystem: text }, 'CE, CWE, CNE'),
  PersonName: object({ family: text, given: text, middle: text, suffix: text, prefix: text, type: text }, 'XPN'),
  Staff: object({ id: text, family: text, given: text, authority: text }, 'XCN'),
  Address: object({ street: text, other: text, city: text, state: text, zip: text, country: text, type: text }, 'XAD'),
  Telecom: object({ number: text, use: text, equipment: text, email: text }, 'XTN'),
  EntityId: object({ id: text, namespace: text }, 'EI'),
  Location: object({ pointOfCare: text, room: text, bed: text, facility: text, building: text, floor: text }, 'PL'),
};

const patient = object(
  {
    identifiers: list('Identifier'),
    names: list('PersonName'),
    birthDate: date,
    sex: text,
    race: ref('Code'),
    addresses: list('Address'),
    homePhones: list('Telecom'),
    workPhones: list('Telecom'),
    language: ref('Code'),
    maritalStatus: ref('Code'),
    account: ref('Identifier'),
    deceasedAt: time,
    deceased: text,
  },
  'PID',
);

const visit = object(
  {
    class: text,
    location: ref('Location'),
    admissionType: text,
    priorLocation: ref('Location'),
    attending: ref('Staff'),
    referring: ref('Staff'),
    consulting: list('Staff'),
    service: text,
    admitSource: text,
    admitting: ref('Staff'),
    patientType: text,
    visitNumber: ref('Identifier'),
    dischargeDisposition: text,
    admittedAt: time,
    dischargedAt: time,
  },
  'PV1',
);

const order = object(
  {
    control: text,
    placer: ref('EntityId'),
    filler: ref('EntityId'),
    group: ref('EntityId'),
    status: text,
    orderedAt: time,
    orderedBy: ref('Staff'),
    code: ref('Code'),
    priority: text,
    requestedAt: time,
    observedAt: time,
    observedEndAt: time,
    receivedAt: time,
    provider: ref('Staff'),
    resultedAt: time,
    section: text,
    resultStatus: text,
    reason: ref('Code'),
    detail: { type: 'string' },
    notes: texts,
  },
  'ORC and OBR',
);

const observation = object(
  {
    order: { type: 'integer', minimum: 0 },
    setId: text,
    type: text,
    code: ref('Code'),
    subId: text,
    value: { type: ['string', 'null', 'array', 'object'] },
    units: ref('Code'),
    range: text,
    flags: texts,
    status: text,
    observedAt: time,
    analysedAt: time,
    notes: texts,
  },
  'OBX',
);

const charge = object(
  {
    setId: text,
    id: text,
    batch: text,
    transactedAt: time,
    postedAt: time,
    type: text,
    code: ref('Code'),
    description: text,
    quantity: text,
    amount: text,
    unitAmount: text,
    department: ref('Code'),
    location: ref('Location'),
    patientType: text,
    diagnoses: list('Code'),
    performedBy: ref('Staff'),
    orderedBy: ref('Staff'),
    procedure: ref('Code'),
  },
  'FT1',
);

const document = object(
  {
    type: ref('Code'),
    presentation: text,
    activityAt: time,
    provider: ref('Staff'),
    originatedAt: time,
    transcribedAt: time,
    editedAt: time,
    originators: list('Staff'),
    transcriptionist: ref('Staff'),
    number: ref('EntityId'),
    parentNumber: ref('EntityId'),
    placer: ref('EntityId'),
    filler: ref('EntityId'),
    fileName: text,
    completionStatus: text,
    confidentiality: text,
    availability: text,
    text: { type: 'string' },
  },
  'TXA, with the text of the OBX',
);

const merge = object(
  {
    identifiers: list('Identifier'),
    account: ref('Identifier'),
    patientId: ref('Identifier'),
    visitNumber: ref('Identifier'),
    names: list('PersonName'),
  },
  'MRG',
);

const event = object(
  { type: text, recordedAt: time, plannedAt: time, reason: text, operator: ref('Staff'), occurredAt: time },
  'EVN',
);

/** What belongs to one patient: at the top of a record for its first, in `furtherPatients` for the others. */
const section = {
  patient: ref('Patient'),
  visit: ref('Visit'),
  merge: ref('Merge'),
  orders: { type: 'array', items: ref('Order') },
  observations: { type: 'array', items: ref('Observation') },
  charges: { type: 'array', items: ref('Charge') },
  notes: { type: 'array', items: { type: 'string' } },
};

const definitions = {
  ...dataTypes,
  Patient: patient,
  Visit: visit,
  Order: order,
  Observation: observation,
  Charge: charge,
  Document: document,
  Merge: merge,
  Event: event,
  PatientSection: object(section, 'Another patient of the same message'),
};

const header = {
  messageType: { type: 'string', description: 'MSH-9.1' },
  trigger: { type: 'string', description: 'MSH-9.2' },
  structure: { type: 'string', description: 'MSH-9.3' },
  version: { type: 'string', description: 'MSH-12' },
  controlId: { type: 'string', description: 'MSH-10' },
  processingId: { type: 'string', description: 'MSH-11' },
  eventTime: { ...instant, description: 'MSH-7 in UTC, or when the message was received' },
  eventTimeFrom: { enum: ['MSH-7', 'received'] },
  sourceSystem: { type: 'string' },
  facilityId: { type: 'string' },
  ingestionTs: instant,
  sendingApplication: { type: 'string', description: 'MSH-3' },
  sendingFacility: { type: 'string', description: 'MSH-4' },
};

/** Message type of the topics that hold one type only. */
const typeOfRoute: Readonly<Record<Exclude<Route, 'other'>, string>> = {
  adt: 'ADT',
  oru: 'ORU',
  orm: 'ORM',
  dft: 'DFT',
  mdm: 'MDM',
};

const alwaysRequired = [
  'messageType',
  'controlId',
  'eventTime',
  'eventTimeFrom',
  'sourceSystem',
  'facilityId',
  'ingestionTs',
];

/** Every route that has a topic, and so a schema. */
export const schemaRoutes: readonly Route[] = ['adt', 'oru', 'orm', 'dft', 'mdm', 'other'];

/** The schema of one output topic, whole in itself, as it is registered and published. */
export function recordSchema(route: Route): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:nerve-stream:record:${route}:1`,
    title: `Typed HL7 record of the topic ${route}`,
    type: 'object',
    required: route === 'other' ? alwaysRequired : [...alwaysRequired, 'patient'],
    properties: {
      ...header,
      ...(route === 'other' ? {} : { messageType: { const: typeOfRoute[route], description: 'MSH-9.1' } }),
      event: ref('Event'),
      ...section,
      document: ref('Document'),
      furtherPatients: { type: 'array', items: ref('PatientSection') },
      unreadableTimes: { type: 'object', additionalProperties: { type: 'string' } },
    },
    $defs: definitions,
  };
}
