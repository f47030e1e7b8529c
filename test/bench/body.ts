/**
 * Reading a body against `Buffer.toString` + `JSON.parse` of the same body: medians over interleaved rounds, a fresh copy of the
 * body for each call, results consumed. Prints a Markdown table. `node test/bench/body.ts`
 */
import { CountMemory } from '../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { splice } from '../../runtime/intent/splice.ts';
import { countTokens } from '../../runtime/intent/token-count.ts';

const ROUNDS = 41;
const WORDS = 'the router reads a request once, decides where it may go and leaves every other byte as it was\n"quoted" words';

let sink = 0;

const JOBS: Record<string, (body: Buffer) => number> = {
  'toString + JSON.parse': (body) => JSON.parse(body.toString()).model.length,
  read: (body) => readRequestBody('chat', body).body.required,
  'read + text': (body) => readRequestBody('chat', body).body.text().length,
  'read + text + exact ≤ 8,000': (body) => {
    const request = readRequestBody('chat', body);
    return request.body.text().length + countTokens(request, new CountMemory()).exact('o200k_base', 8000);
  },
  'read + splice': (body) =>
    splice(readRequestBody('chat', body), { model: 'gpt-5', outputCap: { name: 'max_completion_tokens', tokens: 100 }, includeUsage: true })
      .length,
};

const SHAPES: Record<string, (bytes: number) => object[]> = {
  'one message': (bytes) => [{ role: 'user', content: fill(bytes) }],
  'chat of 500 bytes a turn': (bytes) =>
    Array.from({ length: Math.max(1, Math.round(bytes / 530)) }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: fill(500),
    })),
};

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function medianOf(times: number[]): number {
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

function measure(body: Buffer): Record<string, number> {
  const calls = Math.max(1, Math.round(2_000_000 / (body.length * 2 + 2000)));
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(JOBS).map((name) => [name, []]));
  for (let round = -10; round < ROUNDS; round++) {
    for (const [name, job] of Object.entries(JOBS)) {
      const copies = Array.from({ length: calls }, () => Buffer.from(body));
      const start = performance.now();
      for (const copy of copies) sink += job(copy);
      if (round >= 0) times[name].push(((performance.now() - start) * 1000) / calls);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, medianOf(values)]));
}

console.log('| body | job | µs | ratio |\n|---|---|---|---|');
for (const [shape, messages] of Object.entries(SHAPES)) {
  for (const bytes of [1024, 8192, 65_536, 1_048_576]) {
    const body = Buffer.from(
      JSON.stringify({
        model: 'auto',
        messages: messages(bytes),
        temperature: 0.2,
        max_tokens: 500,
        stream: true,
        user: 'someone',
        seed: 7,
      }),
    );
    const medians = measure(body);
    const base = medians['toString + JSON.parse'];
    for (const [name, micros] of Object.entries(medians)) {
      console.log(`| ${bytes / 1024} KB, ${shape} | ${name} | ${micros.toFixed(2)} | ${(micros / base).toFixed(2)} |`);
    }
  }
}
if (sink === 0) throw new Error('nothing was measured');
