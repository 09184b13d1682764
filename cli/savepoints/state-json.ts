import { toIsoUtc } from '../../hl7/timestamp/to-iso-utc.ts';
import { textOfBinary } from '../../shared/checkpoint/binary.ts';
import type { StoredValue } from '../../shared/checkpoint/decode-value.ts';
import type { FoundState } from '../../shared/checkpoint/find-state.ts';

/** State as JSON: bigints as text, times in ISO 8601, sets as arrays, bytes in base64. */
export function stateToJson({ namespace, content }: FoundState): object {
  return { ...(namespace === '' ? {} : { namespace: textOfBinary(namespace) }), ...contentToJson(content) };
}

function contentToJson(content: FoundState['content']): object {
  switch (content.kind) {
    case 'value':
      return valueToJson(content.value);
    case 'list':
      return { list: content.values.map(valueToJson) };
    case 'map':
      return { map: Object.fromEntries(content.entries.map(([key, value]) => [key, valueToJson(value)])) };
  }
}

function valueToJson(stored: StoredValue): object {
  const usedAt = stored.usedAtMs === undefined ? {} : { usedAt: toIsoUtc(stored.usedAtMs) };
  const what = stored.kind === 'decoded' ? { value: plain(stored.value) } : { bytes: stored.bytes.toString('base64') };
  return { ...what, version: stored.version, ...usedAt };
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (value instanceof Set) {
    return [...value].map(plain);
  }
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  // A date knows its own form.
  return 'toJSON' in value
    ? value
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
