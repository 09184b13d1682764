/** The versions whose definitions there are (hl7-dictionary, MIT), oldest first. */
export const definedVersions = ['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1'] as const;

export type DefinedVersion = (typeof definedVersions)[number];

const newest: DefinedVersion = '2.7.1';

/**
 * The defined version by which a message of MSH-12 `version` is read: itself; for versions that were published between two
 * defined ones, the one before; for later ones, unknown ones and none, the newest. HL7 v2 only adds, so newer definitions read
 * older messages.
 */
export function definedVersionOf(version: string | undefined): DefinedVersion {
  const exact = definedVersions.find((defined) => defined === version);
  if (exact !== undefined) {
    return exact;
  }
  switch (version) {
    case '2.0':
    case '2.0D':
      return '2.1';
    case '2.3.2':
      return '2.3.1';
    default:
      return newest;
  }
}
