import { Client } from 'minio';
import { StreamError } from '../failure/failure.ts';
import type { Failure } from '../failure/failure.ts';
import type { Random } from '../random/random.ts';
import { MinioAttempts } from './minio-attempts.ts';
import { classifyMinioError } from './minio-errors.ts';
import type { MinioProblem } from './minio-errors.ts';
import { collectBody, listPageFromWire, minioTransportToWire } from './minio-wire.ts';
import { MinioTransport, withSignal } from './minio-transport.ts';
import { checkObjectKey, truncated } from './snapshot-store.ts';
import type {
  ByteRange,
  DeleteAnswer,
  GetAnswer,
  ObjectInfo,
  PutAnswer,
  SnapshotStore,
  StoreCall,
} from './snapshot-store.ts';

export interface MinioSnapshotStoreOptions {
  /** http(s)://host:port */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Put before every key; empty or ending in `/`. */
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Objects above this many bytes go in parts of this size. S3 wants at least 5 MiB. */
  readonly partBytes?: number;
  /** One request's share of the deadline: a lost answer leaves time to ask again. */
  readonly requestMsMax?: number;
}

const PART_BYTES = 32 * 1024 * 1024;
const REQUEST_MS_MAX = 15_000;
const PAGE = 1_000;

/**
 * MinIO or any S3 that honours `If-None-Match: *` on PUT and CompleteMultipartUpload. Own deadlines and retries, since the
 * client has none (clients.md); bodies are Buffers, since a stream that is destroyed mid-put never settles.
 */
export class MinioSnapshotStore implements SnapshotStore {
  readonly #options: MinioSnapshotStoreOptions;
  readonly #client: Client;
  readonly #transport: MinioTransport;
  readonly #attempts: MinioAttempts;

  /** `random` spreads the retries of many slots. */
  constructor(options: MinioSnapshotStoreOptions, random: Random) {
    const url = new URL(options.endpoint);
    const useSSL = url.protocol === 'https:';
    this.#options = options;
    this.#attempts = new MinioAttempts(options.requestMsMax ?? REQUEST_MS_MAX, random);
    this.#transport = new MinioTransport(useSSL);
    this.#client = new Client({
      endPoint: url.hostname,
      port: url.port === '' ? (useSSL ? 443 : 80) : Number(url.port),
      useSSL,
      region: options.region,
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      transport: minioTransportToWire(this.#transport),
      retryOptions: { disableRetry: true },
    });
  }

  /** Makes the bucket when it is not there. */
  async ensureBucket(call: StoreCall): Promise<void> {
    await this.#reading(`bucket ${this.#options.bucket}`, call, async () => {
      if (!(await this.#client.bucketExists(this.#options.bucket))) {
        await this.#client.makeBucket(this.#options.bucket, this.#options.region);
      }
    });
  }

  async put(key: string, bytes: Uint8Array, call: StoreCall): Promise<PutAnswer> {
    const objectName = this.#nameOf(key);
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const partBytes = this.#options.partBytes ?? PART_BYTES;
    const send = async (): Promise<void> => {
      await (body.length <= partBytes ? this.#putWhole(objectName, body) : this.#putParts(objectName, body, partBytes));
    };
    const outcome = await this.#attempts.run(`put of ${key}`, call, send);
    switch (outcome.kind) {
      case 'done':
        return { kind: 'created' };
      case 'taken': {
        const taken = await this.get(key, call);
        return { kind: taken.kind === 'found' && taken.bytes.equals(body) ? 'created' : 'exists' };
      }
      case 'unknown':
        return { kind: 'ambiguous', failure: outcome.failure };
      case 'absent':
        throw new StreamError(refusedBucket(this.#options.bucket));
      case 'not-sent':
      case 'definite':
        throw new StreamError(outcome.failure);
    }
  }

  async get(key: string, call: StoreCall): Promise<GetAnswer> {
    const objectName = this.#nameOf(key);
    return await this.#getting(`get of ${key}`, call, async () => await this.#fetch(objectName, {}));
  }

  async getRange(key: string, range: ByteRange, call: StoreCall): Promise<GetAnswer> {
    const objectName = this.#nameOf(key);
    if (range.length === 0) {
      return { kind: 'found', bytes: Buffer.alloc(0) };
    }
    const headers = { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
    const answer = await this.#getting(`get of ${key}`, call, async () => {
      try {
        return await this.#fetch(objectName, headers);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'InvalidRange') {
          return Buffer.alloc(0);
        }
        throw error;
      }
    });
    if (answer.kind === 'found' && answer.bytes.length !== range.length) {
      throw truncated(key, range, range.offset + answer.bytes.length);
    }
    return answer;
  }

  async *list(prefix: string, call: StoreCall): AsyncIterable<ObjectInfo> {
    const { bucket, prefix: mount } = this.#options;
    let token = '';
    do {
      const page = await this.#reading(`list of ${prefix}`, call, async () =>
        listPageFromWire(await this.#client.listObjectsV2Query(bucket, mount + prefix, token, '', PAGE, '')),
      );
      for (const { name, bytes, modifiedAtMs } of page.objects) {
        yield { key: name.slice(mount.length), bytes, modifiedAtMs };
      }
      token = page.nextToken;
    } while (token !== '');
  }

  async delete(key: string, call: StoreCall): Promise<DeleteAnswer> {
    const objectName = this.#nameOf(key);
    const outcome = await this.#attempts.run(`delete of ${key}`, call, async () => {
      await this.#client.makeRequestAsyncOmit(
        { method: 'DELETE', bucketName: this.#options.bucket, objectName },
        '',
        [200, 204],
      );
    });
    switch (outcome.kind) {
      case 'done':
      case 'absent':
        return { kind: 'deleted' };
      case 'unknown':
        return { kind: 'ambiguous', failure: outcome.failure };
      case 'taken':
        throw new StreamError(refusedBucket(this.#options.bucket));
      case 'not-sent':
      case 'definite':
        throw new StreamError(outcome.failure);
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
    await Promise.resolve();
  }

  #nameOf(key: string): string {
    checkObjectKey(key);
    return this.#options.prefix + key;
  }

  async #putWhole(objectName: string, body: Buffer): Promise<void> {
    const headers = { 'if-none-match': '*', 'content-type': 'application/octet-stream' };
    await this.#client.makeRequestAsyncOmit(
      { method: 'PUT', bucketName: this.#options.bucket, objectName, headers },
      body,
    );
  }

  /** The condition is checked when the parts are joined; an upload that loses is aborted, so that its parts are freed. */
  async #putParts(objectName: string, body: Buffer, partBytes: number): Promise<void> {
    const bucketName = this.#options.bucket;
    const uploadID = await this.#client.initiateNewMultipartUpload(bucketName, objectName, {});
    try {
      const parts: string[] = [];
      for (let at = 0, partNumber = 1; at < body.length; at += partBytes, partNumber += 1) {
        const part = body.subarray(at, at + partBytes);
        const { etag } = await this.#client.uploadPart(
          { bucketName, objectName, uploadID, partNumber, headers: {} },
          part,
        );
        parts.push(`<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`);
      }
      const payload = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
      const query = `uploadId=${encodeURIComponent(uploadID)}`;
      const response = await this.#client.makeRequestAsync(
        { method: 'POST', bucketName, objectName, query, headers: { 'if-none-match': '*' } },
        payload,
      );
      checkCompletion(await collectBody(response));
    } catch (error) {
      await this.#abandonUpload(objectName, uploadID);
      throw error;
    }
  }

  /** Best effort: what stays behind is an unfinished upload, which the bucket's life-cycle rule or `mc rm -I` removes. */
  async #abandonUpload(objectName: string, uploadId: string): Promise<void> {
    try {
      await withSignal(AbortSignal.timeout(2_000), async () => {
        await this.#client.abortMultipartUpload(this.#options.bucket, objectName, uploadId);
      });
    } catch (error) {
      classifyMinioError(error, 'abort of an upload');
    }
  }

  async #fetch(objectName: string, headers: Record<string, string>): Promise<Buffer> {
    const response = await this.#client.makeRequestAsync(
      { method: 'GET', bucketName: this.#options.bucket, objectName, headers },
      '',
      [200, 206],
    );
    return await collectBody(response);
  }

  async #getting(where: string, call: StoreCall, work: () => Promise<Buffer>): Promise<GetAnswer> {
    const outcome = await this.#attempts.run(where, call, work);
    if (outcome.kind === 'done') {
      return { kind: 'found', bytes: outcome.value };
    }
    if (outcome.kind === 'absent') {
      return outcome;
    }
    throw new StreamError(failureOf(outcome, this.#options.bucket));
  }

  async #reading<T>(where: string, call: StoreCall, work: () => Promise<T>): Promise<T> {
    const outcome = await this.#attempts.run(where, call, work);
    if (outcome.kind === 'done') {
      return outcome.value;
    }
    throw new StreamError(failureOf(outcome, this.#options.bucket));
  }
}

function failureOf(outcome: MinioProblem, bucket: string): Failure {
  return 'failure' in outcome ? outcome.failure : refusedBucket(bucket);
}

function refusedBucket(bucket: string): Failure {
  return {
    code: 'snapshot-store-refused',
    reaction: 'fail-job',
    message: `the bucket ${bucket} answered as if it did not exist`,
    remedy: 'Make the bucket, or correct state.checkpoints.dir.',
  };
}

/** S3 may answer 200 and then an error document. */
function checkCompletion(body: Buffer): void {
  const text = body.toString('utf8');
  const code = /<Error>.*?<Code>([^<]*)<\/Code>/s.exec(text)?.[1];
  if (code !== undefined) {
    throw Object.assign(new Error('the object store could not join the parts'), { code });
  }
}
