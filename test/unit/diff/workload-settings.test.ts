import { expect, test } from 'vitest';
import { build } from '../../../compiler/build.ts';
import { compareSettings } from '../../../compiler/diff/settings.ts';
import { type Side, sideOfArtifact, sideOfSet } from '../../../compiler/diff/side.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import { LOCAL, setOf } from '../front/understand-text.ts';

/** The same policy, read and as an artifact. */
async function sidesOf(workloads: string): Promise<[Side, Side]> {
  const set = setOf(`${LOCAL}${workloads === '' ? '' : `workloads: ${workloads}\n`}`);
  const { manifest, files } = await build(set, []);
  const router = loadRouter(files.get('router.js')!);
  return [sideOfSet('read', set, router), sideOfArtifact('built', manifest, router)];
}
const UNCHANGED = { targets: new Map(), backends: new Map() } as never;

test.each<[old: string, now: string, changes: readonly string[]]>([
  ['', '', []],
  ['{ quotas: { cpu: 8 } }', '{ quotas: { cpu: 8.0 }, placement: { prefer: local } }', []],
  ['', '{ quotas: { jobs_per_token: 20 } }', ['quotas.jobs_per_token null 20 tightens']],
  ['{ quotas: { cpu: 8, memory: 16GiB } }', '{ quotas: { cpu: 9.5 } }', ['quotas.cpu 8 9.5 loosens', 'quotas.memory 16GiB null loosens']],
  ['{ quotas: { memory: 1.5GiB } }', '{ quotas: { memory: 1GiB } }', ['quotas.memory 1536MiB 1GiB tightens']],
  ['{ protected: [b, a] }', '{ protected: [a, b] }', []],
  ['{ protected: a }', '{ protected: [a, b] }', ['protected a a, b tightens']],
  ['{ protected: [a, b] }', '', ['protected a, b null loosens']],
  ['{ protected: [a, b] }', '{ protected: [a, c] }', ['protected a, b a, c moves']],
  ['', '{ placement: { prefer: any } }', ['placement.prefer local any moves']],
  ['', '{ placement: { restricted_labels: { z: r } } }', ['placement.restricted_labels null z: r loosens']],
  ['{ placement: { restricted_labels: { z: r } } }', '', ['placement.restricted_labels z: r null moves']],
  [
    '{ placement: { restricted_labels: { z: r } } }',
    '{ placement: { restricted_labels: { z: r, d: s } } }',
    ['placement.restricted_labels z: r d: s, z: r tightens'],
  ],
  [
    '{ placement: { restricted_labels: { z: r } } }',
    '{ placement: { restricted_labels: { z: q } } }',
    ['placement.restricted_labels z: r z: q moves'],
  ],
])('%s → %s', async (old, now, changes) => {
  const [before, after] = [await sidesOf(old), await sidesOf(now)];
  for (const from of before) {
    for (const to of after) {
      const found = compareSettings(from, to, UNCHANGED).filter(({ what }) => what.startsWith('workloads: '));
      expect(found.map(({ what, from, to, direction }) => `${what.slice(11)} ${from} ${to} ${direction}`)).toEqual(changes);
    }
  }
});
