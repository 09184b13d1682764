/** The corpus's manifest.json, as far as it is compared. The file is data of the project's, so its shape is trusted. */
export interface ManifestFile {
  readonly file: string;
  readonly kind: 'message' | 'bad' | 'batch' | 'multi' | 'wire' | 'charset' | 'escape' | 'semantics';
  readonly contested?: boolean;
  readonly expect?: 'ok' | 'dlq';
  readonly stage?: string;
  readonly reason?: string;
  readonly warnings?: readonly string[];
  readonly route?: string;
  readonly key?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly expect_fields?: Readonly<Record<string, unknown>>;
  readonly segment_counts?: Readonly<Record<string, number>>;
  readonly messages?: readonly ManifestMember[];
  readonly envelope_warnings?: readonly string[];
  readonly expect_frames?: readonly string[];
  readonly expect_faults?: readonly string[];
}

export interface ManifestMember {
  readonly index: number;
  readonly expect: 'ok' | 'dlq';
  readonly stage?: string;
  readonly reason?: string;
  readonly warnings?: readonly string[];
  readonly route?: string;
  readonly key?: string;
}

export function parseManifest(json: string): readonly ManifestFile[] {
  const manifest = JSON.parse(json) as { readonly files: readonly ManifestFile[] };
  return manifest.files;
}
