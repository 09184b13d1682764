import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Compression } from './options.ts';
import { isXerial, unpackXerial, xerialFrame } from './xerial.ts';

/**
 * The codecs of Kafka's record batches, as its Java clients read and write them: gzip and zstd from Node, LZ4 as frames with
 * independent blocks (KIP-57), Snappy in the framing of xerial's SnappyOutputStream.
 */
export interface Codec {
  /** Its number in a batch's attributes. */
  readonly id: number;
  readonly compress: (records: Buffer) => Uint8Array;
}

/** A batch that unpacks to more than this is refused: no broker accepts one, so it is damaged or hostile. */
const UNPACKED_BYTES_MAX = 1_073_741_824;
/** The Java client's default; higher levels cost far more time than they save bytes on text. */
const GZIP_LEVEL = 6;

const codecs: Readonly<Record<Exclude<Compression, 'none'>, Codec>> = {
  gzip: { id: 1, compress: (records) => gzipSync(records, { level: GZIP_LEVEL }) },
  snappy: { id: 2, compress: (records) => xerialFrame(records, (block) => compressSync(block)) },
  lz4: { id: 3, compress: (records) => compressFrameSync(records) },
  zstd: { id: 4, compress: (records) => zstdCompressSync(records) },
};

/** The codec of a name; undefined for `none`. */
export function codecOf(compression: Compression): Codec | undefined {
  return compression === 'none' ? undefined : codecs[compression];
}

/** Unpacks the records of a batch by the codec number in its attributes. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
    case 2:
      return isXerial(bytes) ? unpackXerial(bytes, unsnappy) : unsnappy(bytes);
    case 3:
      return decompressFrameSync(bytes);
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
    default:
      throw new StreamError({
        code: 'kafka-unknown-codec',
        reaction: 'fail-job',
        message: `A record batch names compression codec ${codec}, which is none of gzip, snappy, lz4 and zstd.`,
      });
  }
}

function unsnappy(block: Buffer): Buffer {
  const unpacked = uncompressSync(block);
  return typeof unpacked === 'string' ? Buffer.from(unpacked, 'latin1') : unpacked;
}
