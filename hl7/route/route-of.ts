/** Where a message goes: one route per message type that has a topic of its own, `other` for the rest (ACK, QRY, SIU …). */
export type Route = 'adt' | 'oru' | 'orm' | 'dft' | 'mdm' | 'other';

/** The routes whose messages concern one patient and must therefore carry a patient identifier. */
export type PatientRoute = Exclude<Route, 'other'>;

/**
 * The route of MSH-9.1. Exact, upper case as HL7 table 0076 has it: `adt` or `ADTX` are other types, not typing errors to be
 * guessed at, and go to `other` where nothing is lost.
 */
export function routeOf(messageType: string | undefined): Route {
  switch (messageType) {
    case 'ADT':
      return 'adt';
    case 'ORU':
      return 'oru';
    case 'ORM':
      return 'orm';
    case 'DFT':
      return 'dft';
    case 'MDM':
      return 'mdm';
    default:
      return 'other';
  }
}

/** Whether a message on this route without a patient identifier is a dead letter (E_NO_PATIENT_ID). */
export function needsPatient(route: Route): route is PatientRoute {
  return route !== 'other';
}
