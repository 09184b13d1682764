import type { IncomingMessage } from 'node:http';
import type { Client, ClientOptions } from 'minio';
import type { MinioTransport } from './minio-transport.ts';

/** The client's `transport` is typed as the whole of node:http, but it calls `request(options, callback)` alone. */
export function minioTransportToWire(transport: MinioTransport): NonNullable<ClientOptions['transport']> {
  const request = (...args: Parameters<MinioTransport['request']>): ReturnType<MinioTransport['request']> =>
    transport.request(...args);
  return { request } as unknown as NonNullable<ClientOptions['transport']>;
}

export interface ListedObject {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

/** One page of a listing; the client's parser gives loosely typed XML. */
export function listPageFromWire(page: Awaited<ReturnType<Client['listObjectsV2Query']>>): {
  readonly objects: readonly ListedObject[];
  readonly nextToken: string;
} {
  const wire = page as unknown as {
    readonly objects?: readonly { readonly name: string; readonly size: number; readonly lastModified: Date }[];
    readonly isTruncated?: boolean;
    readonly nextContinuationToken?: string;
  };
  return {
    objects: (wire.objects ?? []).map(({ name, size, lastModified }) => ({
      name,
      bytes: size,
      modifiedAtMs: lastModified.getTime(),
    })),
    nextToken: wire.isTruncated === true ? (wire.nextContinuationToken ?? '') : '',
  };
}

/** All of a response. A connection that breaks inside it rejects; a body shorter than announced is such a break. */
export async function collectBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
