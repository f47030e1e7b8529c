import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { BeatFile } from '../../peers/beat-file.ts';
import { Network, whyNoNamespaces } from '../../peers/network.ts';
import { PeerProcess } from '../../peers/policyds.ts';
import { Tailscaled } from '../../peers/tailscaled.ts';
import { until } from '../policyd.ts';
import { callerOf, policyOf } from './workloads-api.ts';

const POLICY = `${policyOf('placement: { prefer: local, restricted_labels: { zone: restricted } }')}keys:
  worker: { sha256: "${createHash('sha256').update('worker-key-1234').digest('hex')}", scopes: [read:jobs, write:jobs] }
`;
const READER = { authorization: 'Bearer worker-key-1234' };
const TAGS = ['tag:policyd'];
const why = whyNoNamespaces();

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
}, 120_000);

describe.skipIf(why !== null)(`three machines of a tailnet${why === null ? '' : ` (not run: ${why})`}`, () => {
  test('find each other, know each other by address, and replace what a cut cable took away', { timeout: 300_000 }, async () => {
    const network = new Network();
    cleaning.push(() => network.remove());
    const beats = new BeatFile();
    cleaning.push(() => beats.remove());
    const names = ['near', 'one', 'two'];
    const hosts = names.map(() => network.add());
    const members = names.map((name, at) => ({ name, addresses: [hosts[at].address], tags: TAGS }));
    const policyds = await Promise.all(
      members.map(async (self, at) => {
        const tailscaled = await Tailscaled.start(
          self,
          members.filter((member) => member !== self),
        );
        cleaning.push(() => tailscaled.stop());
        const { address: host, node } = hosts[at];
        const own = ['--node-capacity', 'cpu=2,memory=4GiB', '--node-labels', `role=${at === 0 ? 'near' : 'far'}`, '--peer-lease', '3s'];
        const args = ['--peers', 'auto', '--tailscale-socket', tailscaled.socket, ...own];
        const peer = await PeerProcess.start({ policy: POLICY, args, host, node, port: 8080 });
        cleaning.push(() => peer.remove());
        return peer;
      }),
    );
    const [near] = policyds;
    for (const one of policyds) {
      for (const name of names.filter((_, at) => policyds[at] !== one)) await one.sees(name, 'up', READER);
    }
    // This process is in no tailnet.
    expect((await fetch(`${near.policyd.url}/v1/peers/self`)).status).toBe(401);

    const caller = callerOf(() => near.policyd, 'worker-key-1234');
    const { body } = await caller.schedule({
      name: 'beats',
      command: beats.command(100),
      node_labels: { role: 'far' },
      privacy: 'unrestricted',
    });
    await until(() => beats.lives.length > 0, 'the first beat', 60_000);
    const there = names.indexOf((await caller.job(body.job_id)).placement!.node.split('/')[0]);
    expect(there).toBeGreaterThan(0);
    hosts[there].cut();
    const view = await until(
      async () => {
        const job = await caller.job(body.job_id);
        return job.runs.length > 1 ? job : null;
      },
      'another run',
      60_000,
    );
    expect(view.runs.map(({ node }) => node)).toEqual([`${names[there]}/local`, `${names[3 - there]}/local`]);
    hosts[there].mend();
    await near.sees(names[there], 'up', READER);
    expect(await caller.end(body.job_id, 60_000)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(beats.lives).toHaveLength(2);
    expect(beats.overlaps).toEqual([]);
    await until(() => policyds[there].policyd.lines('run of a peer ended').length > 0, 'the end of the first run', 30_000);
    expect(policyds[there].policyd.lines('run of a peer ended')).toMatchObject([{ peer: `tailnet:near.tail1234.ts.net`, phase: 'lost' }]);
  });
});
