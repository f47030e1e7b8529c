import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { command as explain } from '../../../compiler/cli/commands/explain.ts';
import { command as trial } from '../../../compiler/cli/commands/test.ts';
import type { Explanation } from '../../../schema/decision.ts';
import type { Diagnostic } from '../../../compiler/diagnostics/diagnostic.ts';
import { understand } from '../../../compiler/understand.ts';
import { CLAIMS, POLICY, policyWith } from '../../build/invariant-claims.ts';

const folder = mkdtempSync(join(tmpdir(), 'policyc-invariants-'));
beforeAll(() => writeFileSync(join(folder, 'policy.yaml'), POLICY));
afterAll(() => rmSync(folder, { recursive: true }));

const { diagnostics, set, invariants } = understand([{ file: 'policies/policy.yaml', text: policyWith(CLAIMS.map(([claim]) => claim)) }]);

test('the policy of these tests is understood', () => {
  expect(diagnostics.filter(({ rule, severity }) => severity === 'error' && rule !== 'refuted-invariant')).toEqual([]);
  expect(set!.invariants).toHaveLength(CLAIMS.length);
});

describe('every claim is proven, or refuted', () => {
  test.each(CLAIMS.map(([claim, proven], at) => [claim, proven, at] as const))('%s', (_, proven, at) => {
    expect(invariants[at].outcome).toBe(proven ? 'proven' : 'refuted');
    if (proven) expect(invariants[at].cells).toBeGreaterThan(0);
  });
});

const run = async (command: typeof explain, args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
  const written = { out: '', err: '' };
  const stream = (to: 'out' | 'err') => ({
    write(text: string) {
      written[to] += text;
      return true;
    },
  });
  const io = { cwd: folder, env: {}, stdin: process.stdin, stdout: stream('out'), stderr: stream('err') };
  const code = await command.run(args as string[], io as never);
  return { code, ...written };
};

describe('a witness is what `policyc explain` and policy tests take, and shows the decision', () => {
  const refuted = diagnostics.filter(
    (found): found is Diagnostic & { witness: NonNullable<Diagnostic['witness']> } => found.witness !== undefined,
  );

  test('there is one for every refuted claim', () => {
    expect(refuted).toHaveLength(CLAIMS.filter(([, proven]) => !proven).length);
  });

  test.each(refuted.map(({ message, witness }) => [message, witness] as const))('%s', async (_, {
    request,
    headers,
    key,
    state,
    decision,
    target,
  }) => {
    writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
    writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
    const hints = [
      ...(key === null ? [] : ['--key', key]),
      ...(headers['X-Nexus-Category'] === undefined ? [] : ['--category', headers['X-Nexus-Category']]),
      ...(headers['X-Nexus-Class'] === undefined ? [] : ['--class', headers['X-Nexus-Class']]),
      ...(headers['X-Nexus-Flexible'] === undefined ? [] : ['--flexible']),
    ];
    const { out } = await run(explain, [folder, '--request', 'request.json', '--state', 'state.json', '--format', 'json', ...hints]);
    const explanation = JSON.parse(out) as Explanation;
    expect(explanation.decision.decision).toBe(decision);
    if (explanation.decision.decision !== 'reject') expect(explanation.decision.target).toBe(target);
  });

  test('as tests of the policy, all of them pass', async () => {
    const tests = refuted.map(({ message, witness: { request, headers, key, state, decision, target } }) => ({
      name: message.slice(0, 200),
      ...(request.input === undefined ? {} : { endpoint: 'embeddings' }),
      request,
      headers,
      ...(key === null ? {} : { key }),
      given: state,
      expect: target === null ? { decision } : { decision, backend: target.split('/')[0], model: target.split('/')[1] },
    }));
    writeFileSync(join(folder, 'witnesses.test.yaml'), stringify({ tests }));
    const { code, out, err } = await run(trial, [folder]);
    expect([code, code === 0 ? '' : out + err]).toEqual([0, '']);
  });
});
