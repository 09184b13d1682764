import { EtcdElection } from '../../coordinator/election/etcd-election.ts';
import type { Leadership } from '../../coordinator/election/leader-election.ts';
import { silentLogger } from '../../shared/log/logger.ts';

/**
 * A process that campaigns, and from then on acts every ten milliseconds if it has proof that it leads: by a line on standard
 * output, as a coordinator would by a message. It ends with code 4 when it is told that it lost.
 */
const [endpoint = '', prefix = '', name = '', leaseMs = '3000'] = process.argv.slice(2);
const election = new EtcdElection({
  etcd: { endpoints: [endpoint], timeoutMs: 1_000, prefix, login: undefined, tls: undefined },
  leaseMs: Number(leaseMs),
  address: `${name}:1`,
  logger: silentLogger,
});

const leadership = await election.campaign(new AbortController().signal);
if (leadership !== undefined) {
  say('leads', leadership);
  setInterval(() => {
    if (leadership.isProven()) {
      say('acts', leadership);
    }
  }, 10);
  leadership.lost.addEventListener('abort', () => {
    say('lost', leadership);
    process.exit(4);
  });
}

function say(event: 'leads' | 'acts' | 'lost', { epoch }: Leadership): void {
  process.stdout.write(`${JSON.stringify({ event, name, epoch: String(epoch), atMs: Date.now() })}\n`);
}
