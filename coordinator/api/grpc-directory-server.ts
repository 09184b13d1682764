import type { DirectoryHandlers } from '../../proto/generated/nerve/v1/Directory.ts';
import type { WhoLeadsResponse } from '../../proto/generated/nerve/v1/WhoLeadsResponse.ts';
import type { Leader } from '../../shared/leader/leader.ts';

/** What a coordinator knows about itself and about the leader. */
export interface DirectoryServerDeps {
  /** This coordinator, while it leads and can prove it. */
  readonly ownLeadership: () => Leader | undefined;
  /** Another, as far as is known. Never rejects. */
  readonly findLeader: () => Promise<Leader | undefined>;
}

/** proto/directory.proto as handlers. */
export function directoryHandlers({ ownLeadership, findLeader }: DirectoryServerDeps): DirectoryHandlers {
  return {
    WhoLeads: (_call, done) => {
      const own = ownLeadership();
      if (own !== undefined) {
        done(null, responseOf(own, true));
        return;
      }
      findLeader().then(
        (leader) => {
          done(null, leader === undefined ? {} : responseOf(leader, false));
        },
        () => {
          done(null, {});
        },
      );
    },
  };
}

function responseOf({ address, epoch, sinceMs }: Leader, leads: boolean): WhoLeadsResponse {
  return { leads, address, leaderEpoch: String(epoch), sinceMs: String(Math.trunc(sinceMs)) };
}
