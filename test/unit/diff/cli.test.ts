import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../../compiler/cli/main.ts';
import type { PolicyDiff } from '../../../compiler/diff/diff.ts';
import type { ReplayReport } from '../../../compiler/replay/replay.ts';
import { writeDecisionLine } from '../../../runtime/decisions/write-decision-line.ts';
import { writeOrderLine } from '../../../runtime/decisions/write-order-line.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { decide, serve } from '../decisions/record.ts';

const POLICY = `
backends:
  box: { type: ollama, tier: 2, models: { small: { quality: 0.5 } } }
  rack: { type: vllm, url: "http://rack", tier: 3, models: { medium: { quality: 0.7 } } }
  cloud: { type: openai, api_key_env: OPENAI_API_KEY, tier: 5, models: { large: { quality: 0.9, price: { input: 1, output: 4 } } } }
auto: { auto: { candidates: ["*"] }, support-chat: { candidates: ["*"] } }
aliases: { old-name: large }
traffic:
  - { name: customer-data, match: { model: "support-*" }, privacy: restricted }
  - { name: rest, min_tier: 2, max_cost_per_request: 0.05 }
categories: { EASY: { when: { input_tokens: "<100" }, objective: cost }, HARD: { objective: quality, min_quality: 0.6 } }
budgets: { company: { limit_usd: 100 } }
slas: { quick: { total: 5s } }
`;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'policyc-diff-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function policyc(args: readonly string[], cwd = scratch, input = '') {
  const written = { out: '', err: '' };
  const code = await main(args, {
    cwd,
    env: {},
    stdin: Readable.from([input]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

function folder(name: string, text: string): string {
  mkdirSync(join(scratch, name, 'policies'), { recursive: true });
  writeFileSync(join(scratch, name, 'policies/p.yaml'), text);
  return join(scratch, name, 'policies');
}

/** The comparison of the policy with an edited one. */
async function compare(
  name: string,
  edit: (text: string) => string,
  ...more: string[]
): Promise<PolicyDiff & { code: number; now: { label: string } }> {
  const edited = edit(POLICY);
  expect(edited).not.toBe(POLICY);
  const { code, out, err } = await policyc(['diff', folder('base', POLICY), folder(name, edited), '--format', 'json', ...more]);
  expect(err).toBe('');
  return { ...(JSON.parse(out) as PolicyDiff), code };
}

const brief = ({ classes }: PolicyDiff): unknown[] =>
  classes.map(({ direction, kind, plain, policies }) => [direction, kind, plain, policies.map(({ old, now }) => `${old} → ${now}`).join()]);

describe('policyc diff', () => {
  test('one line of privacy: who may now reach the cloud at once, and who only where all of the zone is down', async () => {
    const found = await compare('privacy', (text) => text.replace('privacy: restricted', 'privacy: unrestricted'));
    expect(found.code).toBe(2);
    expect(brief(found)).toEqual([
      ['loosens', 'cloud', true, 'customer-data → customer-data'],
      ['loosens', 'cloud', false, 'customer-data → customer-data'],
    ]);
    expect(found.classes[0].names).toEqual(['support-chat']);
    expect(found.classes[1].witness).toMatchObject({ request: { model: 'support-chat' }, given: { down: ['rack'] }, now: 'cloud/large' });
    expect(found.kinds.all - found.kinds.changed).toBeGreaterThan(80);
    expect(found.sampled).toEqual([]);
    const back = await policyc(['diff', join(scratch, 'privacy/policies'), join(scratch, 'base/policies'), '--format', 'json']);
    expect(brief(JSON.parse(back.out) as PolicyDiff).map((row) => (row as string[])[0])).toEqual(['tightens', 'tightens']);
  });

  test('a cap that only requests for several answers reach', async () => {
    const narrow = (cap: string) => `
backends: { cloud: { type: openai, api_key_env: KEY, models: { m: { context: 8k, price: { input: 1, output: 10 } } } } }
traffic: [{ name: all, max_cost_per_request: ${cap} }]
`;
    const [old, now] = [folder('n-old', narrow('0.05')), folder('n-now', narrow('0.04'))];
    const { code, out } = await policyc(['diff', old, now, '--format', 'json']);
    const { classes } = JSON.parse(out) as PolicyDiff;
    expect([code, classes.map(({ direction, witness }) => [direction, witness.request.n, witness.now])]).toEqual([
      2,
      [['tightens', 8, null]],
    ]);
    writeFileSync(join(scratch, 'n.json'), JSON.stringify(classes[0]!.witness.request));
    for (const [side, decision] of [
      [old, 'route to cloud/m'],
      [now, 'reject'],
    ] as const)
      expect((await policyc(['explain', side, '--request', 'n.json'])).out).toContain(decision);
    // Dearer output is a smaller cap.
    const dear = folder('n-dear', narrow('0.05').replace('output: 10', 'output: 12'));
    expect((await policyc(['diff', old, dear])).out).toContain('"n":');
  });

  test('a witness is a test that the new policy passes and the old one does not, and a body that explain reads', async () => {
    for (const [name, edit] of [
      ['w-privacy', (text: string) => text.replace('privacy: restricted', 'privacy: unrestricted')],
      ['w-tier', (text: string) => text.replace('min_tier: 2', 'min_tier: 5')],
      ['w-bound', (text: string) => text.replace('"<100"', '"<900"')],
      ['w-cap', (text: string) => text.replace('0.05 }', '0.0001 }')],
    ] as const) {
      const now = folder(name, edit(POLICY));
      const { out } = await policyc(['diff', join(scratch, 'base/policies'), now]);
      const tests = out.split('\n').flatMap((line) => (/^ {6}(- name| {2}\w+):/.test(line) ? [line.slice(4)] : []));
      expect(tests.length, name).toBeGreaterThan(3);
      const text = `tests:\n${tests.join('\n')}\n`;
      writeFileSync(join(now, 'w.test.yaml'), text);
      expect((await policyc(['test', now])).code, `${name}\n${text}`).toBe(0);
      const before = join(scratch, `${name}-before`);
      cpSync(join(scratch, 'base/policies'), before, { recursive: true });
      writeFileSync(join(before, 'w.test.yaml'), text);
      const failed = await policyc(['test', before]);
      expect(failed.code, failed.out).toBe(1);
      const { classes } = await compare(name, edit);
      for (const { witness } of classes) {
        writeFileSync(join(scratch, 'body.json'), JSON.stringify(witness.request));
        writeFileSync(join(scratch, 'state.json'), JSON.stringify(witness.given));
        const flags = Object.entries(witness.headers).flatMap(([header, value]) =>
          header === 'X-Nexus-Flexible' ? ['--flexible'] : [`--${header.slice('X-Nexus-'.length).toLowerCase()}`, value],
        );
        const told = await policyc(['explain', now, '--request', 'body.json', '--state', 'state.json', '--format', 'json', ...flags]);
        expect(told.err).toBe('');
        const { decision, intent } = JSON.parse(told.out) as {
          decision: { target?: string };
          intent: { requirements: { input_tokens: { high: number } } };
        };
        expect(decision.target ?? null, JSON.stringify(witness)).toBe(witness.now);
        // The body has about as many tokens as it says.
        expect(Math.abs(intent.requirements.input_tokens.high - witness.tokens)).toBeLessThanOrEqual(2);
      }
    }
  });

  test.each<[string, (text: string) => string, unknown[]]>([
    [
      'tier',
      (text) => text.replace('min_tier: 2', 'min_tier: 3'),
      [
        ['tightens', 'answer', true, 'rest → rest'],
        ['tightens', 'floor', true, 'rest → rest'],
        ['tightens', 'target', false, 'rest → rest'],
        ['tightens', 'floor', false, 'rest → rest'],
      ],
    ],
    ['objective', (text) => text.replace('objective: quality', 'objective: cost'), [['moves', 'first', true, 'rest → rest']]],
    [
      'alias',
      (text) => text.replace('old-name: large', 'other-name: large'),
      [
        ['loosens', 'name', true, ''],
        ['tightens', 'name', true, ''],
      ],
    ],
    [
      'price',
      (text) => text.replace('output: 4', 'output: 8'),
      [
        ['loosens', 'cost', true, 'rest → rest'],
        ['loosens', 'cost', false, 'rest → rest'],
        ['tightens', 'cloud', true, 'rest → rest'],
        ['tightens', 'cloud', false, 'rest → rest'],
      ],
    ],
    [
      'budget',
      (text) => text.replace('limit_usd: 100', 'limit_usd: 100, hard_limit_action: block_all'),
      [
        ['tightens', 'state', false, 'rest → rest'],
        ['tightens', 'state', false, 'customer-data → customer-data'],
      ],
    ],
    [
      'sla',
      (text) => text.replace('objective: cost }', 'objective: cost, sla: quick }'),
      [
        ['moves', 'state', false, 'customer-data → customer-data'],
        ['moves', 'state', false, 'rest → rest'],
      ],
    ],
  ])('%s', async (name, edit, expected) => {
    const found = await compare(name, edit);
    expect(brief(found).sort()).toEqual([...expected].sort());
  });

  test('what only has another name is told once, and nothing of it is a class', async () => {
    const renamed = await compare('renamed', (text) =>
      text.replace('  rack:', '  shelf:').replace('name: rest', 'name: others').replace('medium: {', 'medium: { upstream: medium,'),
    );
    expect(renamed.classes).toEqual([]);
    expect(renamed.renames).toEqual({
      backends: [['rack', 'shelf']],
      targets: [['rack/medium', 'shelf/medium']],
      policies: [['rest', 'others']],
    });
    expect(renamed.code).toBe(2);
    const moved = await compare('moved', (text) =>
      text.replace('http://rack', 'http://elsewhere').replace('limit_usd: 100', 'limit_usd: 200'),
    );
    expect([moved.classes, moved.settings]).toEqual([
      [],
      [
        { what: 'backend `rack`: url', from: 'http://rack', to: 'http://elsewhere', direction: 'moves' },
        { what: 'budget `company`: limit_usd', from: '100', to: '200', direction: 'loosens' },
      ],
    ]);
  });

  test('keys that come and go; who had no key when there were none', async () => {
    const keys = (names: readonly string[]) =>
      `keys: { ${names.map((name, row) => `${name}: { sha256: "${String(row).padStart(64, '0')}" }`).join(', ')} }\n`;
    const first = await compare('keyed', (text) => text + keys(['app']));
    expect(brief(first)).toEqual([['tightens', 'caller', true, '']]);
    const { out } = await policyc([
      'diff',
      join(scratch, 'keyed/policies'),
      folder('keyed2', POLICY + keys(['renamed', 'extra'])),
      '--format',
      'json',
    ]);
    const next = JSON.parse(out) as PolicyDiff;
    expect(next.classes.map(({ direction, kind, callers }) => [direction, kind, ...callers])).toEqual([['loosens', 'caller', 'extra']]);
  });

  test('commits of git, without a checkout; artifacts; and neither', async () => {
    const cwd = join(scratch, 'repository');
    folder('repository', POLICY);
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd, encoding: 'utf8' });
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    expect(await policyc(['diff', '--against', 'main'], cwd)).toMatchObject({ code: 0, err: '' });
    await policyc(['compile', '--out', 'before'], cwd);
    writeFileSync(join(cwd, 'policies/p.yaml'), POLICY.replace('privacy: restricted', 'privacy: unrestricted'));
    await policyc(['compile', '--out', 'after'], cwd);
    const against = await policyc(['diff', '--against', 'main', '--format', 'json'], cwd);
    expect(against.code).toBe(2);
    for (const [old, now] of [
      ['main', 'policies'],
      ['main:policies', 'policies'],
      ['before', 'after'],
      ['before', 'policies'],
      ['main', 'after'],
    ] as const) {
      const found = await policyc(['diff', old, now, '--format', 'json'], cwd);
      expect(brief(JSON.parse(found.out) as PolicyDiff), `${old} ${now}`).toEqual(brief(JSON.parse(against.out) as PolicyDiff));
    }
    expect(git('status', '--short', 'policies')).toBe(' M policies/p.yaml\n');
    git('commit', '-qam', 'two');
    expect((await policyc(['diff', 'HEAD~1', 'HEAD'], cwd)).code).toBe(2);
    expect((await policyc(['diff', '--against', 'HEAD', 'policies'], cwd)).code).toBe(0);
    for (const [args, words] of [
      [['diff', '--against', 'nope'], 'cannot read `nope`: git knows no such commit'],
      [['diff', '--against', '--help-me'], 'needs a value'],
      [['diff', '-x', 'policies'], 'has no flag'],
      [['diff', 'HEAD:elsewhere', 'policies'], '`HEAD` has no folder `elsewhere`'],
      [['diff', 'policies'], 'compares two policies'],
    ] as const) {
      const failed = await policyc(args, cwd);
      expect([failed.code, failed.err.includes(words)], failed.err).toEqual([1, true]);
    }
    writeFileSync(join(cwd, 'after/router.js'), 'return {}');
    expect((await policyc(['diff', 'before', 'after'], cwd)).err).toContain('holds another `router.js` than its manifest names');
    const broken = await policyc(['diff', 'policies', folder('broken', 'backends: 3\n')], cwd);
    expect([broken.code, broken.err.includes('not compared')]).toEqual([1, true]);
  });

  test('markdown for a pull request holds what the pretty form holds', async () => {
    await compare('privacy', (text) => text.replace('privacy: restricted', 'privacy: unrestricted'));
    const { out, code } = await policyc(['diff', 'base/policies', 'privacy/policies', '--format', 'markdown']);
    expect(code).toBe(2);
    expect(out).toMatch(/^### Policy: 2 classes loosened; \d+ of \d+ kinds of requests unchanged\n/);
    expect(out.match(/<details>/g)).toHaveLength(2);
    expect(out).toContain('- **customer-data** may now reach the cloud, only in some states: ');
    expect(out).not.toContain('\u001b');
  });
});

describe('recorded decisions', () => {
  const record = (models: readonly string[], down: boolean): { log: string; artifact: string } => {
    const artifact = join(scratch, 'recorded');
    const files = new Map(['manifest.json', 'router.js'].map((name) => [name, readFileSync(join(artifact, name), 'utf8')]));
    const router = serve(files);
    const live = router.module.lay(router.module.rank({ epoch: 1, targets: router.manifest.targets.map(() => UNMEASURED), budgets: [0] }));
    if (down) router.module.mark(live, 1, 1);
    const lines = models.map((model, at) =>
      writeDecisionLine(
        decide(
          router,
          live,
          {
            body: { endpoint: 'chat', model, maxOutputTokens: null, answers: 1, tools: 0, required: 1, text: () => '' },
            hints: { strict: false, flexible: false, category: null, class: null },
            caller: 0,
            tokens: at % 2 === 0 ? 20 : 500,
          },
          { requestId: `r-${at}` },
        )!,
        'o-1',
        0.5,
      ),
    );
    const log = join(scratch, 'decisions.jsonl');
    writeFileSync(log, `${[writeOrderLine(router, live, 'o-1'), ...lines].join('\n')}\n`);
    return { log, artifact };
  };
  beforeAll(async () => {
    folder('base', POLICY);
    await policyc(['compile', 'base/policies', '--out', 'recorded']);
  });
  const replay = async (...args: string[]): Promise<{ code: number; report: ReplayReport; err: string }> => {
    const { code, out, err } = await policyc(['replay', ...args, '--format', 'json']);
    return { code, err, report: (out === '' ? null : JSON.parse(out)) as ReplayReport };
  };

  test('come out exactly with the policy that made them, and with its artifact; a changed line does not', async () => {
    const { log } = record(['auto', 'auto', 'support-chat', 'old-name', 'support-chat'], true);
    for (const args of [['base/policies'], ['base/policies', '--exact'], ['--artifact', 'recorded']]) {
      const { code, report } = await replay(log, ...args);
      expect({ code, exact: report.exact, other: report.other.decisions }).toEqual({
        code: 0,
        exact: { decisions: 5, different: 0, differences: [] },
        other: 0,
      });
    }
    const lines = readFileSync(log, 'utf8').split('\n');
    lines[2] = lines[2].replace(/"code":\d+/, '"code":0');
    writeFileSync(log, lines.join('\n'));
    const { code, report } = await replay(log, 'base/policies');
    expect([code, report.exact.different, report.exact.differences[0]]).toEqual([
      1,
      1,
      { request_id: 'r-1', recorded: 'box/small, floors relaxed 0, link 0', got: 'cloud/large, floors relaxed 0, link 0' },
    ]);
  });

  test('under another policy differences are told in classes, by requests that they stand for', async () => {
    const { log } = record(['auto', 'support-chat', 'support-chat', 'support-chat', 'old-name'], true);
    const now = folder(
      'loose',
      POLICY.replace('privacy: restricted', 'privacy: unrestricted').replace('old-name: large', 'new-name: large'),
    );
    const { code, report } = await replay(log, now);
    expect(code).toBe(1);
    expect(report.exact.decisions).toBe(0);
    expect(report.other).toMatchObject({ decisions: 5, same: 1 });
    expect(report.other.classes).toEqual([
      expect.objectContaining({
        direction: 'loosens',
        kind: 'cloud',
        decisions: 3,
        weight: 6,
        examples: ['r-1', 'r-2', 'r-3'],
        policies: { old: 'customer-data', now: 'customer-data' },
      }),
      expect.objectContaining({ direction: 'tightens', kind: 'name', decisions: 1, weight: 2, examples: ['r-4'] }),
    ]);
    const exact = await replay(log, now, '--exact');
    expect([exact.code, exact.err.includes('5 decisions are of router `')]).toEqual([2, true]);
    const both = await replay(log, now, '--artifact', 'recorded');
    expect([both.report.exact.decisions, both.report.exact.different, both.report.other.decisions]).toEqual([5, 0, 5]);
    const { out } = await policyc(['diff', 'base/policies', now, '--replay', log, '--format', 'json']);
    const weighed = (JSON.parse(out) as PolicyDiff).classes
      .filter(({ kind }) => kind === 'cloud')
      .map(({ plain, recorded }) => [plain, recorded]);
    // Two long ones, of which the cloud is the first choice, and a short one; each stands for two.
    expect(weighed).toEqual([
      [true, 4],
      [false, 2],
    ]);
  });

  test('a log that ends within a line is replayed up to it; one that holds nothing is an error; lines without their order are counted', async () => {
    const { log } = record(['auto', 'auto'], false);
    const text = readFileSync(log, 'utf8');
    writeFileSync(log, text.slice(0, -40));
    expect((await replay(log, 'base/policies')).report).toMatchObject({ exact: { decisions: 1 }, truncated: true });
    writeFileSync(log, `${text}{"kind":"decision"}\nnothing\n`);
    expect((await replay(log, 'base/policies')).report.skipped).toMatchObject({ 'not a line of a decision log': 2 });
    writeFileSync(log, text.split('\n').slice(1).join('\n'));
    const without = await replay(log, 'base/policies');
    expect([without.code, without.err.includes('2 of 2 lines: its order is not in the log')]).toEqual([2, true]);
    expect((await replay(join(scratch, 'none'), 'base/policies')).err).toContain('there is no such file');
    const piped = await policyc(['replay', '-', 'base/policies'], scratch, text);
    expect([piped.code, piped.out]).toEqual([0, 'reproduced: 2 of 2 decisions exactly\n']);
  });
});
