import type { ChannelOptions } from '@grpc/grpc-js';

/** Larger than any legal frame, heartbeat or job module: a peer that sends more is broken. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** As `heartbeat.timeout` is by default, for who has no configuration. */
const SILENCE_MS = 8_000;
/** A ping costs nothing, and one is under way at a time. */
const PING_EVERY_MS = 1_000;

/**
 * The options of a channel or server that takes a connection for broken when nothing came through it for `silenceMs`
 * (at least 2): without pings, a peer that is frozen or cut off would never be noticed (clients.md). A connection that is
 * reset is noticed at once, with or without. The bound is that of heartbeats (DESIGN §9), no less: with one second, as it
 * was, a machine that was busy for that long lost its connections, and with them a checkpoint or an attempt.
 * Reconnection is quick since a cluster's processes restart quickly.
 */
export function channelOptionsFor(silenceMs: number): ChannelOptions {
  const pingEveryMs = Math.min(PING_EVERY_MS, silenceMs / 2);
  return {
    ...COMMON,
    'grpc.keepalive_time_ms': pingEveryMs,
    'grpc.keepalive_timeout_ms': silenceMs - pingEveryMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}

const COMMON: ChannelOptions = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.enable_http_proxy': 0,
  // No TXT lookup for a service configuration: where no name server answers it, a command would stay for 26 s after its last line.
  'grpc.service_config_disable_resolution': 1,
};

/** For who has no bound of silence in its configuration: command line, directory. */
export const channelOptions: ChannelOptions = channelOptionsFor(SILENCE_MS);
