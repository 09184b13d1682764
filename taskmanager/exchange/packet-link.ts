import type { ChannelFeedback } from '../input/channel-input.ts';
import { FRAME_HEAD_BYTES, HEAD_BYTES, PACKET_HEAD_BYTES, writeFrameHead, writePacketHead } from './frame-codec.ts';
import type { FrameHead } from './frame-codec.ts';
import type { FrameLink, SealedFrame } from './frame-link.ts';
import type { PacketPort } from './packet-port.ts';

/** Frames up to this size are gathered: a post costs more than copying them. */
const GATHERED_FRAME_BYTES_MAX = 4 * 1024;
const GATHERED_BYTES_MAX = 32 * 1024;

export interface PacketLinkOptions {
  readonly port: PacketPort;
  readonly sourceSlot: number;
  readonly targetSlot: number;
}

/**
 * Everything that one slot sends to another one through a port, as packets. Full frames go as they are; small frames and
 * credits are gathered until the turn ends or 32 KB are there. Order is kept over both.
 */
export class PacketLink {
  readonly #options: PacketLinkOptions;
  #gathered: Buffer | undefined;
  #end = PACKET_HEAD_BYTES;
  #isScheduled = false;

  constructor(options: PacketLinkOptions) {
    this.#options = options;
  }

  /** The way of one channel's frames. */
  frames(channel: number): FrameLink {
    return {
      send: (frame, seq) => {
        this.#sendFrame(channel, frame, seq);
        return 'copied';
      },
    };
  }

  /** The way of one channel's credits and resumes back to its producer. */
  feedback(channel: number): ChannelFeedback {
    const head = { part: 'whole', channel, payloadBytes: 0 } as const;
    return {
      sendCredit: (seq, credits) => {
        this.#gather({ ...head, kind: 'credit', seq, value: credits }, undefined);
      },
      sendResume: (seq, barrierSeq) => {
        this.#gather({ ...head, kind: 'resume', seq, value: barrierSeq }, undefined);
      },
    };
  }

  /** Posts what is gathered. */
  flush(): void {
    const packet = this.#gathered;
    if (packet !== undefined && this.#end > PACKET_HEAD_BYTES) {
      this.#post(packet, this.#end);
      this.#end = PACKET_HEAD_BYTES;
    }
  }

  #sendFrame(channel: number, frame: SealedFrame, seq: number): void {
    const { kind, part, recordBytes, buffer, end } = frame;
    const head: FrameHead = { kind, part, channel, seq, value: recordBytes, payloadBytes: end - HEAD_BYTES };
    if (end <= GATHERED_FRAME_BYTES_MAX) {
      this.#gather(head, buffer.subarray(HEAD_BYTES, end));
      return;
    }
    this.flush();
    writeFrameHead(buffer, PACKET_HEAD_BYTES, head);
    this.#post(buffer, end);
  }

  #gather(head: FrameHead, payload: Buffer | undefined): void {
    if (this.#end + FRAME_HEAD_BYTES + head.payloadBytes > GATHERED_BYTES_MAX) {
      this.flush();
    }
    const packet = (this.#gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES_MAX));
    writeFrameHead(packet, this.#end, head);
    if (payload !== undefined) {
      packet.set(payload, this.#end + FRAME_HEAD_BYTES);
    }
    this.#end += FRAME_HEAD_BYTES + head.payloadBytes;
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#options.port.atEndOfTurn(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
  }

  #post(packet: Buffer, end: number): void {
    const { port, sourceSlot, targetSlot } = this.#options;
    const bodyBytes = end - PACKET_HEAD_BYTES;
    writePacketHead(packet, 0, { kind: 'frames', attempt: 0, sourceSlot, targetSlot, bodyBytes });
    port.post(packet.subarray(0, end));
  }
}
