import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/**
 * Makes sockets as kafkajs does, but without Nagle's algorithm: several requests are in flight on one connection, and a small
 * one must not wait for the acknowledgement of the one before. `secure` undefined: no TLS.
 */
export function socketFactory(secure: tls.ConnectionOptions | undefined): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const serverName = net.isIP(host) === 0 ? { servername: host } : {};
    const socket =
      secure === undefined
        ? net.connect({ host, port }, onConnect)
        : tls.connect({ host, port, ...serverName, ...secure }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    return socket;
  };
}
