import type { Inspection, InspectionRequest } from './inspection.ts';

/** Both ends are this process: what one thread posts is what the other reads. */
export function inspectionRequestFromWire(data: unknown): InspectionRequest {
  return data as InspectionRequest;
}

export function inspectionFromWire(message: unknown): Inspection {
  return message as Inspection;
}
