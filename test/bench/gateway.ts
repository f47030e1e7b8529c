/**
 * What the gateway adds: requests a second, latency at one connection, and time a chunk of a stream, against direct calls in the same
 * run. Backend, policyd and load are three processes; on fewer cores than that they share, so only the ratios mean something.
 *
 * Run: node test/bench/gateway.ts [seconds a round]
 */
import { spawn } from 'node:child_process';
import { Pool } from 'undici';
import { Policyd } from '../e2e/policyd.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const ROUNDS = 3;
const EVENTS = 200;

const BACKEND = `
const answer = JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'y'.repeat(500) }, finish_reason: 'stop' }], usage: {} });
const event = 'data: ' + JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: 'word' }, finish_reason: null }] }) + '\\n\\n';
const server = require('node:http').createServer((request, response) => {
  let stream = false;
  request.on('data', (part) => { stream ||= part.includes('"stream":true'); });
  request.on('end', () => {
    if (!stream) return response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let left = ${EVENTS};
    const next = () => { if (left-- > 0) response.write(event, () => setImmediate(next)); else response.end('data: [DONE]\\n\\n'); };
    next();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));`;

interface Round {
  readonly perSecond: number;
  readonly p50: number;
}

async function load(url: string, connections: number, stream: boolean): Promise<Round> {
  const pool = new Pool(url, { connections });
  const body = JSON.stringify({ model: 'm', ...(stream ? { stream: true } : {}), messages: [{ role: 'user', content: 'x'.repeat(900) }] });
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1_000;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now();
      const answer = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { 'content-type': 'application/json' },
        body,
      });
      await answer.body.dump({ limit: 1 << 20 });
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  await pool.close();
  return { perSecond: times.length / SECONDS, p50: median(times) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Medians over rounds that take turns, so that a busy moment of the machine hits both. */
async function compare(direct: string, through: string, connections: number, stream: boolean): Promise<[Round, Round]> {
  const rounds: [Round[], Round[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    rounds[0].push(await load(direct, connections, stream));
    rounds[1].push(await load(through, connections, stream));
  }
  return rounds.map((side) => ({ perSecond: median(side.map((r) => r.perSecond)), p50: median(side.map((r) => r.p50)) })) as [Round, Round];
}

const backend = spawn(process.execPath, ['-e', BACKEND], { stdio: ['ignore', 'pipe', 'inherit'] });
const direct = `http://127.0.0.1:${await new Promise((resolve) => backend.stdout.once('data', (text) => resolve(String(text))))}`;
const policyd = await Policyd.start(`backends: { server: { type: vllm, url: "${direct}", models: { m: {} } } }`);
await load(policyd.url, 8, false);
console.log('| | direct | through policyd | |\n|---|---|---|---|');
const [many, manyThrough] = await compare(direct, policyd.url, 32, false);
console.log(
  `| requests/s, 32 connections | ${many.perSecond.toFixed(0)} | ${manyThrough.perSecond.toFixed(0)} | × ${(manyThrough.perSecond / many.perSecond).toFixed(2)} |`,
);
const [one, oneThrough] = await compare(direct, policyd.url, 1, false);
console.log(
  `| p50 at one connection, µs | ${(one.p50 * 1e3).toFixed(0)} | ${(oneThrough.p50 * 1e3).toFixed(0)} | + ${((oneThrough.p50 - one.p50) * 1e3).toFixed(0)} |`,
);
const [flow, flowThrough] = await compare(direct, policyd.url, 1, true);
console.log(
  `| a stream's chunk, µs | ${((flow.p50 / EVENTS) * 1e3).toFixed(1)} | ${((flowThrough.p50 / EVENTS) * 1e3).toFixed(1)} | + ${(((flowThrough.p50 - flow.p50) / EVENTS) * 1e3).toFixed(1)} |`,
);
const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
const count = (bucket: string): number =>
  Number(new RegExp(`policyd_decision_seconds_bucket\\{le="${bucket}",phase="total"\\} (\\d+)`).exec(metrics)?.[1]);
console.log(`| decisions within 1 ms | | ${count('0.001')} of ${count('\\+Inf')} | |`);
await policyd.stop();
backend.kill();
