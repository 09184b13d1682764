/**
 * Where the manifest's oracle is known to be wrong or to mean something else than the accessor. Each entry names one
 * column of one file; a difference anywhere else still fails the run.
 */
export interface Erratum {
  readonly file: string;
  readonly column: string;
  readonly why: string;
}

const FIRST_VALUED =
  'HAPI generic (the oracle) gives the first OBX with an OBX-5; a path without a number is the first OBX, as HL7 counts';

export const ERRATA: readonly Erratum[] = [
  {
    file: 'messages/cosyte__ORU-R01__truncation-char-msh2.hl7',
    column: 'OBX-5',
    why: 'HAPI does not know \\P\\; escape/truncation-char.hl7 of the same corpus expects the truncation character',
  },
  {
    file: 'messages/cosyte__ADT-A01__segment-case.hl7',
    column: 'segments',
    why: 'HAPI counts pid; the policy reads it as PID (W_SEGMENT_CASE)',
  },
  {
    file: 'messages/ruby-hl7__ORU-R03__empty-segments.hl7',
    column: 'segments',
    why: 'HAPI repeats the last OBX for a line of separators; the policy skips it (W_BLANK_SEGMENT)',
  },
  {
    file: 'messages/ms-fhir-converter__ADT-A47__ADT-A47-02.hl7',
    column: 'MRG-1-1',
    why: 'HAPI gives the last of two MRG; a path without a number is the first',
  },
  {
    file: 'semantics/null-vs-absent.hl7',
    column: 'PID-11-1',
    why: 'the address stands in PID-12 of the file: one separator too many before it',
  },
  {
    file: 'semantics/null-vs-absent.hl7',
    column: 'PID-11-3',
    why: 'the address stands in PID-12 of the file: one separator too many before it',
  },
  { file: 'messages/ms-fhir-converter__ORU-R01__LAB-ORU-1.hl7', column: 'OBX-11', why: FIRST_VALUED },
  ...[
    'linuxforhealth__ORU-R01__ORU-multiline-short',
    'ms-fhir-converter__DFT-P03__DFT-P03-02',
    'ms-fhir-converter__ORU-R01__LAB-ORU-1',
    'ms-fhir-converter__OMG-O19__OMG-O19-01',
    'ms-fhir-converter__OMG-O19__OMG-O19-02',
  ].map((name) => ({ file: `messages/${name}.hl7`, column: 'OBX-5', why: FIRST_VALUED })),
  {
    file: 'messages/cdc-dex__ORU-R01__CaseLab-002.hl7',
    column: 'warnings',
    why: 'an OBX of type TS holds 1, which is W_BAD_DTM as in semantics/dtm-forms.hl7; the manifest lists no warning',
  },
  {
    file: 'messages/cosyte__ADT-A01__unknown-charset.hl7',
    column: 'warnings',
    why: 'MSH-18 is ISO IR 999 as in charset/unknown-charset.hl7, where the manifest lists W_UNKNOWN_CHARSET',
  },
];
