/**
 * The token counter against js-tiktoken's `encode` on the same texts, both encodings: medians over interleaved rounds, results
 * consumed. Texts are 16 KB, since the oracle is quadratic in a pre-token. Then how long a megabyte keeps the event loop from everybody
 * else. Prints Markdown tables; fails where the bound is missed. `node test/bench/tokens.ts`
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { getEncoding } from 'js-tiktoken';
import { countText } from '../../runtime/intent/tokens/count-text.ts';
import { CountMemory } from '../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { countTokens, WORK_IN_PLACE } from '../../runtime/intent/token-count.ts';
import { TokenCounter } from '../../runtime/intent/token-counter.ts';
import { ENCODINGS } from '../../schema/vocabulary.ts';

const ROUNDS = 9;
const BYTES = 16_384;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

const TEXTS: Record<string, string> = {
  English:
    'The router reads a request once and decides where it may go. Nothing else is touched, and it doesn’t guess; whoever asks why gets an answer.\n' +
    "Measurements, however, are another matter: they're taken off the path, averaged over 1,024 samples and published as a whole.\n",
  code: 'export function firstBit(mask: number): number {\n  // Zero has none.\n  return mask === 0 ? -1 : 31 - Math.clz32(mask & -mask);\n}\n',
  JSON: '{"id":"req_01","model":"auto","usage":{"prompt_tokens":1234,"completion_tokens":56},"tags":["a","b c"],"ok":true,"score":0.25}\n',
  Chinese: '路由器读取一次请求,决定它可以去哪里。其他字节保持不变,谁问为什么,谁就得到答案。',
  emoji: '👍🏽 ✅ 🚀 done 😀😃 🎉\n',
};

function fill(text: string): string {
  return text.repeat(Math.ceil(BYTES / Buffer.byteLength(text)));
}

function time(job: () => void): number {
  const start = performance.now();
  job();
  return performance.now() - start;
}

function medianOf(times: number[]): number {
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

let sink = 0;
console.log('| encoding | text | js-tiktoken MB/s | ours MB/s | ratio |\n|---|---|---|---|---|');
for (const encoding of ENCODINGS) {
  const oracle = getEncoding(encoding);
  for (const [name, unit] of Object.entries(TEXTS)) {
    const text = fill(unit);
    const megabytes = Buffer.byteLength(text) / 1e6;
    const theirs: number[] = [];
    const ours: number[] = [];
    const calls = 50;
    for (let round = -2; round < ROUNDS; round++) {
      const one = time(() => {
        sink += oracle.encode(text, [], []).length;
      });
      const many = time(() => {
        for (let i = 0; i < calls; i++) sink += countText(encoding, text, NO_LIMIT).tokens;
      });
      if (round >= 0) {
        theirs.push(one);
        ours.push(many / calls);
      }
    }
    const [slow, fast] = [medianOf(theirs), medianOf(ours)].map((ms) => (megabytes / ms) * 1000);
    console.log(`| ${encoding} | ${name} | ${slow.toFixed(1)} | ${fast.toFixed(1)} | ${(fast / slow).toFixed(0)} |`);
  }
}

console.log('\n| one megabyte, o200k_base | ms | tokens | exact |\n|---|---|---|---|');
const RUNS: Record<string, [string, number]> = {
  'English, all of it': [fill(TEXTS.English).repeat(61), NO_LIMIT],
  'English, limit 8,000': [fill(TEXTS.English).repeat(61), 8000],
  'one letter': ['a'.repeat(1e6), NO_LIMIT],
  spaces: [' '.repeat(1e6), NO_LIMIT],
  newlines: ['\n'.repeat(1e6), NO_LIMIT],
  'emoji without a break': ['😀'.repeat(250_000), NO_LIMIT],
  'Chinese without a break': ['路由器读取一次请求'.repeat(37_037), NO_LIMIT],
  'words of 40 random letters': [Array.from({ length: 25_000 }, (_, i) => randomWord(i, 40)).join(' '), NO_LIMIT],
};
function randomWord(seed: number, length: number): string {
  let state = seed * 2_654_435_761;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return String.fromCharCode(97 + ((state >>> 16) % 26));
  }).join('');
}
for (const [name, [text, limit]] of Object.entries(RUNS)) {
  const times: number[] = [];
  let result = countText('o200k_base', text, limit);
  for (let round = 0; round < 5; round++) {
    times.push(
      time(() => {
        result = countText('o200k_base', text, limit);
      }),
    );
  }
  sink += result.tokens;
  console.log(`| ${name} | ${medianOf(times).toFixed(2)} | ${result.tokens} | ${result.exact} |`);
}

/** Longest time that counting a megabyte may keep the event loop, ms. */
const BOUND = 5;
const LOOPS = 15;
const counter = new TokenCounter();

/** The longest that the event loop was kept while `job` ran, ms: of the best round, since counting is the same in all and the machine is not, and the median. */
async function delayOf(job: () => Promise<void>): Promise<{ best: number; median: number }> {
  const longest: number[] = [];
  for (let round = -1; round < LOOPS; round++) {
    const monitor = monitorEventLoopDelay({ resolution: 1 });
    monitor.enable();
    await setTimeout(10);
    monitor.reset();
    // The first interval after a reset is not recorded.
    await setTimeout(5);
    await job();
    await setTimeout(5);
    monitor.disable();
    if (round >= 0) longest.push(monitor.max / 1e6);
  }
  return { best: Math.min(...longest), median: medianOf(longest) };
}

const idle = await delayOf(() => setTimeout(20).then(() => {}));
const show = ({ best, median }: { best: number; median: number }): string => `${best.toFixed(1)} (${median.toFixed(1)})`;
console.log(
  '\n| one megabyte, counted whole | event loop kept, in place, ms | with the thread, ms | answer after, ms |\n|---|---|---|---|',
);
for (const [name, [text]] of Object.entries(RUNS)) {
  if (name.includes('limit')) continue;
  const request = readRequestBody('chat', Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: text }] })));
  const inPlace = await delayOf(async () => {
    sink += countTokens(request, new CountMemory()).exact('o200k_base', 1e9);
  });
  const answers: number[] = [];
  const threaded = await delayOf(async () => {
    const start = performance.now();
    const tokens = countTokens(request, new CountMemory(), WORK_IN_PLACE);
    tokens.exact('o200k_base', 1e9);
    await counter.settle(request, tokens);
    sink += tokens.exact('o200k_base', 1e9);
    answers.push(performance.now() - start);
  });
  const isMissed = threaded.best > BOUND;
  if (isMissed) process.exitCode = 1;
  console.log(`| ${name} | ${show(inPlace)} | ${show(threaded)}${isMissed ? ' MISSED' : ''} | ${medianOf(answers).toFixed(1)} |`);
}
console.log(
  `\nThe longest delay of a timer of 1 ms in the best of ${LOOPS} rounds, bound ${BOUND} ms (in brackets the median round); with nothing to do ${show(idle)} ms here.`,
);
await counter.close();
if (sink === 0) throw new Error('nothing was measured');
