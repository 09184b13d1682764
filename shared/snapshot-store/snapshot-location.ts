/** Where a snapshot store is, as configuration names it. */
export type SnapshotLocation =
  /** `prefix` is empty or ends in `/`. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  /** `path` may be a `file://` URL. */
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'malformed'; readonly problem: string };

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/; // S3's rule for names of buckets
const PREFIX = /^([A-Za-z0-9_=-][A-Za-z0-9._=-]*\/)*$/;

export function parseSnapshotLocation(location: string): SnapshotLocation {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return location === '' ? { kind: 'malformed', problem: 'it is empty' } : { kind: 'folder', path: location };
  }
  if (scheme === 'file') {
    return { kind: 'folder', path: location };
  }
  if (scheme !== 's3') {
    return { kind: 'malformed', problem: `"${scheme}://" is not known` };
  }
  const [bucket = '', ...rest] = location.slice('s3://'.length).split('/');
  const folders = rest.filter((part) => part !== '');
  const prefix = folders.length === 0 ? '' : `${folders.join('/')}/`;
  if (!BUCKET.test(bucket)) {
    return { kind: 'malformed', problem: 'the name of the bucket must be 3 to 63 of [a-z0-9.-]' };
  }
  return PREFIX.test(prefix)
    ? { kind: 's3', bucket, prefix }
    : { kind: 'malformed', problem: 'the prefix must be parts of [A-Za-z0-9._=-] that begin with no dot, joined by /' };
}
