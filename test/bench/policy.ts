/** Decisions of the shipped policy against 1 ms. */
import { readdirSync, readFileSync } from 'node:fs';
import { benchPolicy } from '../../compiler/bench/bench-policy.ts';
import { loadSet } from '../../compiler/bench/load-policy.ts';
import { tabulatePolicy } from '../../compiler/bench/report.ts';
import { understand } from '../../compiler/understand.ts';

const FOLDER = new URL('../../policies/', import.meta.url);

export const bench = {
  name: 'policy',
  async run() {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'));
    const { set } = understand(files.map((file) => ({ file: `policies/${file}`, text: readFileSync(new URL(file, FOLDER), 'utf8') })));
    if (set === null) throw new Error('the shipped policy has errors; run `policyc check policies`');
    return tabulatePolicy('policies', await benchPolicy(await loadSet(set), 11));
  },
};
