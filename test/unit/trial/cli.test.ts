import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS, main } from '../../../compiler/cli/main.ts';
import { SMALL } from './world.ts';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'policyc-trial-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function policyc(args: readonly string[], cwd: string): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const code = await main(args, {
    cwd,
    env: {},
    stdin: Readable.from([]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

/** A folder with the small policy and these tests. */
function place(name: string, tests: string | null): string {
  const cwd = join(scratch, name);
  mkdirSync(join(cwd, 'policies'), { recursive: true });
  writeFileSync(join(cwd, 'policies/policy.yaml'), SMALL);
  if (tests !== null) writeFileSync(join(cwd, 'policies/a.test.yaml'), tests);
  return cwd;
}

const GOOD = 'tests:\n  - { name: a greeting stays home, request: { model: auto }, expect: { zone: restricted } }\n';
const BAD = 'tests:\n  - { name: a greeting <flies>, request: { model: auto }, expect: { zone: open } }\n';

describe('policyc test', () => {
  it('passes, fails, and says which, with the exit code that goes with it', async () => {
    const good = await policyc(['test'], place('good', GOOD));
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain('✓ a greeting stays home');
    const bad = await policyc(['test'], place('bad', BAD));
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(
      /✗ a greeting <flies> {2}policies\/a\.test\.yaml:2\n.*zone {2}expected open .*policies\/a\.test\.yaml:2\n.*got restricted\n.*decided: route to box\/coder/,
    );
  });

  it('a run that sees nothing is an error, not a success', async () => {
    expect(await policyc(['test'], place('none', null))).toMatchObject({ code: 2, out: '' });
    expect(await policyc(['test'], place('empty', 'tests: []\n'))).toMatchObject({ code: 2, out: '' });
    expect(await policyc(['test', '--filter', 'moon'], place('filtered', GOOD))).toMatchObject({ code: 2, out: '' });
    expect(await policyc(['test', '--filter', 'GREETING'], place('filtered', GOOD))).toMatchObject({ code: 0 });
  });

  it('a mistake in a test is an error with its place, and check finds it as well', async () => {
    const cwd = place('mistaken', GOOD.replace('zone:', 'zoen:').replace('auto', 'autoo'));
    for (const command of ['test', 'check']) {
      const { code, out, err } = await policyc([command], cwd);
      expect(code).toBe(1);
      expect(`${out}${err}`).toContain('policies/a.test.yaml:2:73');
      expect(`${out}${err}`).toContain('did you mean `zone`');
    }
    const named = await policyc(['check', 'policies/a.test.yaml'], cwd);
    expect(named.out).toContain('did you mean `zone`');
    const unknown = await policyc(['check'], place('unknown', GOOD.replace('auto', 'autoo')));
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.out).toContain('there is no model or alias `autoo`');
  });

  it('two tests of one name are a mistake', async () => {
    const { code, err } = await policyc(['test'], place('twice', `${GOOD}${GOOD.split('\n')[1]}\n`));
    expect(code).toBe(1);
    expect(err).toContain('[duplicate-name]');
  });

  it('coverage has a threshold, and names what is missing with its line', async () => {
    const { code, out, err } = await policyc(['test', '--threshold', '90'], place('covered', GOOD));
    expect(code).toBe(1);
    expect(err).toMatch(/^error: coverage: [\d.]+ %, at least 90 % is asked for\n$/);
    expect(out).toContain('policies/policy.yaml:12  traffic policy `inside`');
    expect(out).toContain('`team` of policy `search` true');
    expect((await policyc(['test', '--threshold', '10'], place('covered', GOOD))).code).toBe(0);
    expect((await policyc(['test', '--threshold', 'all'], place('covered', GOOD))).code).toBe(2);
  });

  it('machine formats stand alone on standard output', async () => {
    const cwd = place('formats', BAD);
    const json = JSON.parse((await policyc(['test', '--format', 'json'], cwd)).out);
    expect(json).toMatchObject({
      tests: [
        {
          name: 'a greeting <flies>',
          file: 'policies/a.test.yaml',
          line: 2,
          passed: false,
          misses: [{ path: 'expect.zone', expected: 'open', got: 'restricted' }],
        },
      ],
      coverage: { covered: expect.any(Number) },
      mutation: null,
    });
    const junit = (await policyc(['test', '--format', 'junit'], cwd)).out;
    expect(junit).toMatch(/^<\?xml [^\n]*\n<testsuites name="policyc" tests="1" failures="1"/);
    expect(junit).toContain('name="a greeting &lt;flies&gt;"');
    const github = (await policyc(['test', '--format', 'github'], cwd)).out;
    expect(github).toMatch(/^::error file=policies\/a\.test\.yaml,line=2,col=\d+,title=test failed%3A a greeting <flies>::/);
    const broken = place('broken-format', GOOD.replace('zone:', 'zoen:'));
    expect(JSON.parse((await policyc(['test', '--format', 'json'], broken)).out).findings).toHaveLength(1);
  });

  it('suggestions go behind what is there, pass, and replace nothing unasked', async () => {
    const cwd = place('suggested', GOOD);
    const first = await policyc(['test', '--suggest'], cwd);
    expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/^\d+ tests written to policies\/suggested\.test\.yaml\n$/) });
    const after = await policyc(['test', '--threshold', '100'], cwd);
    expect(after).toMatchObject({ code: 0, err: '' });
    const text = readFileSync(join(cwd, 'policies/suggested.test.yaml'), 'utf8');
    expect(await policyc(['test', '--suggest'], cwd)).toMatchObject({ code: 0, err: '0 tests written to policies/suggested.test.yaml\n' });
    expect(readFileSync(join(cwd, 'policies/suggested.test.yaml'), 'utf8')).toBe(text);
    // A file of one's own is added to, and what stands in it stays as it is.
    const own = place('own', `# mine\n${GOOD.replace('- {', '- {')}`);
    await policyc(['test', '--suggest', '--suggest-to', 'policies/a.test.yaml'], own);
    expect(readFileSync(join(own, 'policies/a.test.yaml'), 'utf8').startsWith(`# mine\n${GOOD}\n  - name: `)).toBe(true);
    expect(await policyc(['test', '--threshold', '100'], own)).toMatchObject({ code: 0 });
    const flow = place('flow', 'tests: [{ name: one, request: { model: auto }, expect: { decision: route } }]\n');
    expect(await policyc(['test', '--suggest', '--suggest-to', 'policies/a.test.yaml'], flow)).toMatchObject({ code: 2 });
  }, 300_000);
});

describe('policyc init', () => {
  it.each([
    [],
    ['--template', 'home'],
    ['--template', 'startup'],
    ['--template', 'regulated'],
  ])('what it writes checks clean, passes, and notices changes: %s %s', async (...template) => {
    const cwd = mkdtempSync(join(scratch, 'init-'));
    expect(await policyc(['init', ...template], cwd)).toMatchObject({ code: 0 });
    expect(await policyc(['check', '--fail-on', 'warning'], cwd)).toMatchObject({ code: 0 });
    expect(await policyc(['fmt', '--check'], cwd)).toMatchObject({ code: 0 });
    const least = template.length === 0 ? [] : ['--threshold', '100', '--mutation-threshold', '80'];
    expect(await policyc(['test', ...least], cwd)).toMatchObject({ code: 0, err: '' });
  }, 300_000);

  it('knows no other template', async () => {
    const cwd = mkdtempSync(join(scratch, 'init-'));
    const { code, err } = await policyc(['init', '--template', 'homes'], cwd);
    expect(code).toBe(2);
    expect(err).toContain('did you mean `home`');
    expect(existsSync(join(cwd, 'policies'))).toBe(false);
  });
});

describe('policyc completion', () => {
  async function complete(...words: string[]): Promise<string[]> {
    const { out } = await policyc(['completion', 'bash'], scratch);
    writeFileSync(join(scratch, 'completion.bash'), out);
    const script = `source completion.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _policyc; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', script], { cwd: scratch, encoding: 'utf8' }).trim().split(' ');
  }

  it('bash completes commands, flags, values and files', async () => {
    expect(await complete('policyc', '')).toEqual(expect.arrayContaining(Object.keys(COMMANDS)));
    expect(await complete('policyc', 'fm')).toEqual(['fmt']);
    expect(await complete('policyc', 'test', '--mutation')).toEqual(['--mutation-threshold']);
    expect(await complete('policyc', 'check', '--format', 's')).toEqual(['sarif']);
    expect(await complete('policyc', 'init', '--template', 'r')).toEqual(['regulated']);
    expect(await complete('policyc', 'completion', 'z')).toEqual(['zsh']);
    cpSync(join(scratch, 'completion.bash'), join(scratch, 'findme.bash'));
    expect(await complete('policyc', 'check', 'findm')).toEqual(['findme.bash']);
  });

  it('every flag that a usage text names is one that its command takes', async () => {
    for (const [name, load] of Object.entries(COMMANDS)) {
      const { command } = await load();
      for (const [, flag] of command.usage.matchAll(/^ {2}(--[a-z-]+)/gm)) {
        const { err } = await policyc([name, 'nowhere', flag, 'nothing'], scratch);
        expect([name, flag, err]).not.toEqual([name, flag, expect.stringContaining(`has no flag \`${flag}\``)]);
      }
    }
  }, 120_000);

  it('another shell is a mistake', async () => {
    expect(await policyc(['completion', 'tcsh'], scratch)).toMatchObject({ code: 2, out: '' });
    for (const shell of ['zsh', 'fish']) expect((await policyc(['completion', shell], scratch)).out).toContain('mutation-threshold');
  });
});
