/**
 * From the bytes of a body to a decision, against `Buffer.toString` + `JSON.parse` of the same body: reading, token bounds, analysis and
 * route, as the gateway does them on its event loop. A fresh copy of the body for each call. Cold: no message was seen before. Warm: the
 * same chat was asked about once. A count that takes long is left to a thread: its result is there at once here, the thread's time is in `tokens`.
 */
import { readFileSync } from 'node:fs';
import { loadPolicy } from '../../compiler/bench/load-policy.ts';
import { type Contestant, race, ratioOf } from '../../compiler/bench/race.ts';
import type { Table } from '../../compiler/bench/table.ts';
import { loadRouter } from '../../compiler/prove/load-router.ts';
import { CountMemory } from '../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { countTokens, WORK_IN_PLACE } from '../../runtime/intent/token-count.ts';
import type { RouterModule } from '../../schema/router.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';

const BOUND = 1.5;
const ROUNDS = 9;
const NO_HINTS = { strict: false, flexible: false, category: null, class: null };

const ENGLISH =
  'The order was placed on Tuesday, and the customer says that nothing has arrived yet. Please look into what happened after it left the ' +
  'warehouse, write a short answer to her, and tell us which of the three carriers we should stop using; we lost "two parcels" last week.\n';
const CODE =
  'export function firstBit(mask: number): number {\n  // Zero has none.\n  return mask === 0 ? -1 : 31 - Math.clz32(mask & -mask);\n}\n';
const TOOL = {
  type: 'function',
  function: {
    name: 'find_order',
    description: 'Finds an order by its number or by the name of the customer',
    parameters: { type: 'object', properties: { number: { type: 'string' }, customer: { type: 'string' } }, required: ['number'] },
  },
};

/** A chat of turns of about 1,500 bytes, each different, until the body has this many bytes. */
function writeBody(model: string, bytes: number, text: string, tools: number): Buffer {
  const messages = [];
  const frame = { model, temperature: 0.2, ...(tools > 0 ? { tools: Array.from({ length: tools }, () => TOOL) } : {}) };
  let size = JSON.stringify(frame).length;
  for (let turn = 0; size < bytes; turn++) {
    const content = `${turn}. ${text.repeat(Math.max(1, Math.round(1500 / text.length)))}`.slice(0, Math.max(40, bytes - size));
    messages.push({ role: turn % 2 === 0 ? 'user' : 'assistant', content });
    size += JSON.stringify(messages.at(-1)).length + 1;
  }
  return Buffer.from(JSON.stringify({ ...frame, messages }));
}

async function timeBody(router: RouterModule, body: Buffer) {
  const state = { epoch: 1, targets: Array.from({ length: router.targets }, () => UNMEASURED), budgets: [] };
  const live = router.lay(router.rank(state));
  const caller = 0;
  let counts = 0;
  let left = false;
  const decide = (buffer: Buffer, memory: CountMemory): number => {
    const request = readRequestBody('chat', buffer);
    const counted = countTokens(request, memory, WORK_IN_PLACE);
    let intent = router.analyze(request.body, NO_HINTS, caller, counted);
    if (counted.pending !== null) {
      left = true;
      counted.settle({ tokens: tokens.exact(counted.pending.encoding, counted.pending.limit), exact: true });
      intent = router.analyze(request.body, NO_HINTS, caller, counted);
    }
    return router.decide(intent, live, router.none);
  };
  const seen = readRequestBody('chat', body);
  const tokens = countTokens(seen, new CountMemory());
  const exact: typeof tokens.exact = (encoding, limit) => {
    counts++;
    return tokens.exact(encoding, limit);
  };
  router.analyze(seen.body, NO_HINTS, caller, { ...tokens, exact });

  const operations = Math.max(1, Math.round(400_000 / body.length));
  let copies: Buffer[] = [];
  let memories: CountMemory[] = [];
  const warm = new CountMemory();
  decide(Buffer.from(body), warm);
  const contestant = (name: string, one: (copy: Buffer, i: number) => number): Contestant => ({
    name,
    operations,
    prepare() {
      copies = Array.from({ length: operations }, () => Buffer.from(body));
      memories = copies.map(() => new CountMemory());
    },
    run: () => copies.reduce((sum, copy, i) => sum + one(copy, i), 0),
  });
  const [parse, cold, hot] = await race(
    [
      contestant('toString + JSON.parse', (copy) => JSON.parse(copy.toString()).model.length),
      contestant('cold', (copy, i) => decide(copy, memories[i]!)),
      contestant('warm', (copy) => decide(copy, warm)),
    ],
    { rounds: ROUNDS, slice: 20 },
  );
  return { parse: parse!, cold: cold!, hot: hot!, counts: left ? `${counts}, left to a thread` : String(counts) };
}

const micros = (nanoseconds: number): string => (nanoseconds / 1000).toFixed(1);

async function run(): Promise<Table> {
  const shipped = loadRouter(readFileSync(new URL('../../generated/router.js', import.meta.url), 'utf8'));
  const plain = (await loadPolicy('backends: { hall: { type: vllm, url: "http://hall.example", models: { auto: {} } } }')).router;
  const rows: string[][] = [];
  for (const [policy, router] of [
    ['no thresholds', plain],
    ['shipped policy', shipped],
  ] as const) {
    for (const bytes of [8192, 1_048_576]) {
      for (const [text, content, tools] of [
        ['English', ENGLISH, 0],
        ['code', CODE, 0],
        ['English, 5 tools', ENGLISH, 5],
      ] as const) {
        const { parse, cold, hot, counts } = await timeBody(router, writeBody('auto', bytes, content, tools));
        const ratios = [ratioOf(cold, parse), ratioOf(hot, parse)];
        rows.push([
          `${bytes / 1024} KB, ${text}, ${policy}`,
          counts,
          micros(parse.nanoseconds),
          micros(cold.nanoseconds),
          micros(hot.nanoseconds),
          ...ratios.map((ratio) => `${ratio.toFixed(2)}${ratio <= BOUND ? '' : ' MISSED'}`),
        ]);
      }
    }
  }
  return {
    title: `analysis + route ÷ (Buffer.toString + JSON.parse), bound ${BOUND}`,
    columns: ['body', 'counts', 'parse µs', 'cold µs', 'warm µs', 'cold ratio', 'warm ratio'],
    rows,
    notes: [
      'Counts: how often the policy asked for an exact count; 0 means that the bytes settled every threshold. Left to a thread: the count that the event loop did not wait for is not in the times.',
    ],
  };
}

export const bench = { name: 'analysis', run };
