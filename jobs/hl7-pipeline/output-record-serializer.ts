import type { HeaderValue, OutputRecord, Serializer } from '../../index.ts';

/**
 * An output record on its way to another subtask: `u32 length of the head ‖ head as JSON ‖ value`. For dead letters, which are
 * few and may be large: the value is not copied on arrival.
 */
export const outputRecordSerializer: Serializer<OutputRecord> = {
  id: 'hl7-output-record/1',
  encode: (record) => {
    const { topic, key, headers, timestampMs } = record;
    const head = Buffer.from(JSON.stringify({ topic, key, timestampMs, headers: headersToJson(headers) }), 'utf8');
    const bytes = Buffer.allocUnsafe(4 + head.length + record.value.length);
    bytes.writeUInt32LE(head.length, 0);
    head.copy(bytes, 4);
    record.value.copy(bytes, 4 + head.length);
    return bytes;
  },
  decode: (bytes) => {
    const headLength = bytes.readUInt32LE(0);
    const head: unknown = JSON.parse(bytes.toString('utf8', 4, 4 + headLength));
    return parseHead(head, bytes.subarray(4 + headLength));
  },
};

function headersToJson(headers: OutputRecord['headers']): Record<string, string | { readonly base64: string }> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : { base64: value.toString('base64') },
    ]),
  );
}

function parseHead(head: unknown, value: Buffer): OutputRecord {
  if (!isObject(head) || typeof head['topic'] !== 'string' || !isObject(head['headers'])) {
    throw new TypeError('the head of an output record is damaged');
  }
  const { key, timestampMs } = head;
  const headers = Object.fromEntries(
    Object.entries(head['headers']).map(([name, header]) => [name, parseHeader(header)]),
  );
  return {
    topic: head['topic'],
    key: typeof key === 'string' ? key : undefined,
    value,
    headers,
    ...(typeof timestampMs === 'number' ? { timestampMs } : {}),
  };
}

function parseHeader(header: unknown): HeaderValue {
  if (typeof header === 'string') {
    return header;
  }
  if (isObject(header) && typeof header['base64'] === 'string') {
    return Buffer.from(header['base64'], 'base64');
  }
  throw new TypeError('a header of an output record is damaged');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
