/**
 * Classification by the shipped policy, from the bytes of a body to category and class: the user's text is read, scanned once and
 * weighed. Tokens are known beforehand: counting them is measured in `tokens`. Every sample is another stretch of the text, and the
 * fastest of several readings of it, so that texts are measured and not the neighbours on the machine. Fails where p99 misses its bound or the time does not stay flat beyond 8,192 characters.
 */
import { readFileSync } from 'node:fs';
import type { Table } from '../../compiler/bench/table.ts';
import { loadRouter } from '../../compiler/prove/load-router.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import type { TokenCount } from '../../schema/request.ts';

/** Microseconds at p99, up to 8 k characters and beyond. */
const BOUND = 200;
/** Beyond 8 k characters the median may grow by a fifth, and by what it takes to find where the text ends: µs a megabyte of body. */
const FLAT = 1.2;
const SEARCH = 20;
const HINTS = { strict: false, flexible: false, category: null, class: null };
const SAMPLES = 1_000;
const READINGS = 5;

const TEXTS: Record<string, string> = {
  English: 'Please look into what happened to the order after it left the warehouse, and write a short answer. ',
  keywords: 'Design a migration; refactor, debug, fix and test the multi-tenant architecture with failover and sharding. ',
  'first letters only': 'a d r m s f o t i p l th des arc ref mig deb opt imp prov theo lem ',
  Chinese: '路由器读取一次请求,决定它可以去哪里。',
  code: '```ts\nexport function firstBit(mask: number): number {\n  return mask === 0 ? -1 : 31;\n}\n```\n',
};

async function run(): Promise<Table> {
  const router = loadRouter(readFileSync(new URL('../../generated/router.js', import.meta.url), 'utf8'));
  const rows: string[][] = [];
  let sink = 0;
  for (const [name, unit] of Object.entries(TEXTS)) {
    let atWindow = 0;
    for (const length of [1_024, 8_192, 65_536, 1_000_000]) {
      const whole = unit.repeat(Math.ceil(length / unit.length) + 1);
      const tokens: TokenCount = { low: length, high: length, atLeast: () => length, exact: () => length };
      const samples = Math.min(SAMPLES, Math.ceil(1e8 / length));
      const times: number[] = [];
      let megabytes = 0;
      for (let i = -100; i < samples; i++) {
        const from = Math.abs(i) % unit.length;
        const bytes = Buffer.from(
          JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: whole.slice(from, from + length) }] }),
        );
        let fastest = Number.POSITIVE_INFINITY;
        for (let reading = 0; reading < READINGS; reading++) {
          // Read anew, since a body keeps the text that was read out of it.
          const { body } = readRequestBody('chat', bytes);
          const before = performance.now();
          sink += router.analyze(body, HINTS, 0, tokens).category;
          fastest = Math.min(fastest, (performance.now() - before) * 1000);
        }
        if (i < 0) continue;
        times.push(fastest);
        megabytes += bytes.length / 1e6;
      }
      times.sort((a, b) => a - b);
      const [p50, p99] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)]!);
      if (length === 8_192) atWindow = p50!;
      const isMissed = p99! > BOUND || (length > 8_192 && p50! > atWindow * FLAT + (megabytes / samples) * SEARCH);
      if (isMissed) process.exitCode = 1;
      const growth = length > 8_192 ? (p50! / atWindow).toFixed(2) : '';
      rows.push([`${name}, ${length}`, p50!.toFixed(1), p99!.toFixed(1), `${growth}${isMissed ? ' MISSED' : ''}`]);
    }
  }
  if (sink < 0) throw new Error('nothing was measured');
  return {
    title: `classification, bound ${BOUND} µs at p99`,
    columns: ['text, characters', 'p50 µs', 'p99 µs', '÷ 8,192 characters'],
    rows,
    notes: [`${SAMPLES.toLocaleString('en')} samples (100 of a million characters), each the fastest of ${READINGS} readings.`],
  };
}

export const bench = { name: 'classification', run };
