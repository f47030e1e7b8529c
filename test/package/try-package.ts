import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findFreePort } from '../docs/find-free-port.ts';
import type { Ran, Shell } from '../docs/shell.ts';
import { Upstream } from '../upstreams/upstream.ts';

/**
 * What a new reader does in a project that has the package and nothing else: from `policyc init` to an answer of a model, and to the
 * next policy.
 *
 * @param npx `npx `, or nothing where the commands are on the path.
 */
export async function tryPackage(project: string, npx: string, makeShell: (env: Readonly<Record<string, string>>) => Shell): Promise<void> {
  const upstream = await Upstream.start({ models: ['llama3.2'], resident: ['llama3.2'] });
  const shell = makeShell({ OLLAMA_URL: upstream.url });
  const run = async (script: string): Promise<Ran> => {
    const ran = await shell.run(script);
    expect(ran.code, `${script}: ${ran.output}`).toBe(0);
    return ran;
  };
  try {
    expect((await run(`${npx}policyc --version`)).output).toMatch(/^policyc \d+\.\d+\.\d+/m);
    await run(`${npx}policyc init`);
    expect((await run(`${npx}policyc check --fail-on warning`)).output).toContain('no findings');
    expect((await run(`${npx}policyc test`)).output).toContain('2 passed');
    expect((await run(`${npx}policyc compile`)).output).toContain('0 branches');
    writeFileSync(
      join(project, 'request.json'),
      JSON.stringify({ model: 'private', messages: [{ role: 'user', content: 'What is a comma?' }] }),
    );
    expect((await run(`${npx}policyc explain --request request.json`)).output).toContain('route to local/llama3.2');

    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    await shell.start(`${npx}policyd --port ${port}`, /serving on/);
    const ask = async (content: string): Promise<Response> => {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'private', messages: [{ role: 'user', content }] }),
      });
      expect(answer.status, await answer.clone().text()).toBe(200);
      return answer;
    };
    // It serves before its first look at the backends has ended, which a busy machine lets one see.
    const isUp = async (): Promise<boolean> => {
      const { backends } = (await (await fetch(`${url}/health`)).json()) as { backends: { name: string; state: string }[] };
      return backends.some(({ name, state }) => name === 'local' && state === 'up');
    };
    await expect.poll(isUp, { timeout: 60_000 }).toBe(true);
    expect((await ask('What is a comma?')).headers.get('x-nexus-backend')).toBe('local');
    // Long enough to be counted in a thread, and short enough to fit where a busy machine counts too slowly and only its bound is known.
    await ask('all work and no play makes Jack a dull boy. '.repeat(2_500));
    expect(upstream.calls.length).toBe(2);
    await look(url);
    await swap(project, url, () => run(`${npx}policyc compile`));
  } finally {
    await shell.stop();
    await upstream.stop();
  }
}

/** The page for people is there with all that it loads, as a browser reads it: no types, and no import of what is not served. */
async function look(url: string): Promise<void> {
  const page = await fetch(`${url}/dashboard`);
  expect(page.status, await page.clone().text()).toBe(200);
  const links = [...(await page.text()).matchAll(/(?:href|src)="(\/dashboard\/[^"]+)"/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(30);
  for (const link of new Set(links)) {
    const answer = await fetch(url + link);
    expect(answer.status, link).toBe(200);
    const text = await answer.text();
    expect(answer.headers.get('content-type'), link).toMatch(link.endsWith('.css') ? 'text/css' : 'text/javascript');
    expect(text.length, link).toBeGreaterThan(50);
    if (link.endsWith('.css')) continue;
    expect(text, link).not.toMatch(/^(import type|export interface) /m);
    const imports = [...text.matchAll(/^import\s[^'"]*from\s*["']([^"']+)["']/gm)].map(([, specifier]) => specifier);
    for (const specifier of imports) expect(links, `${link} imports it`).toContain(specifier);
  }
}

/** A policy that is compiled while the gateway serves is in force soon. */
async function swap(project: string, url: string, compile: () => Promise<Ran>): Promise<void> {
  const policy = join(project, 'policies/policy.yaml');
  writeFileSync(policy, readFileSync(policy, 'utf8').replace('  default: auto\n', '  default: auto\n  assistant: private\n'));
  await compile();
  await expect.poll(async () => (await fetch(`${url}/v1/models/assistant`)).status, { timeout: 10_000 }).toBe(200);
}
