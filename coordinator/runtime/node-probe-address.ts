import { connect } from 'node:net';
import type { ProbeResult } from '../membership/membership-events.ts';

/** Longer than a connection takes in a network that works, shorter than the time that an absent member has. */
const TIMEOUT_MS = 500;

/** Connects to host:port and closes again. A process that is dead, on a machine that lives, refuses at once. */
export async function probeAddress(address: string, signal: AbortSignal): Promise<ProbeResult> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return await new Promise<ProbeResult>((resolve) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)) });
    const end = (result: ProbeResult): void => {
      socket.destroy();
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    };
    const giveUp = (): void => {
      end('unknown');
    };
    socket.setTimeout(TIMEOUT_MS, giveUp);
    socket.on('connect', () => {
      end('alive');
    });
    socket.on('error', (error: Error) => {
      end('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'unknown');
    });
    signal.addEventListener('abort', giveUp);
  });
}
