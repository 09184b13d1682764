import type { ChannelOptions } from '@grpc/grpc-js';

/** Larger than any legal frame, heartbeat or job module: a peer that sends more is broken. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The options of every channel and server. Without keepalive a frozen peer is never noticed (clients.md); with these, in
 * about two seconds. Reconnection is quick since a cluster's processes restart quickly.
 */
export const channelOptions: ChannelOptions = {
  'grpc.keepalive_time_ms': 1_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.enable_http_proxy': 0,
  // No TXT lookup for a service configuration: where no name server answers it, a command would stay for 26 s after its last line.
  'grpc.service_config_disable_resolution': 1,
};
