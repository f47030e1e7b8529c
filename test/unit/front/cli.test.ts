import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../../compiler/cli/main.ts';
import { LOCAL, setOf } from './understand-text.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = join(ROOT, 'compiler/cli/bin.js');
const SEVEN = join(ROOT, 'test/samples/seven-mistakes/input');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'policyc-cli-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the real command; `cwd` is the scratch folder where none is given. */
function policyc(args: readonly string[], options: { cwd?: string; input?: string } = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [BIN, ...args],
      { cwd: options.cwd ?? scratch, encoding: 'utf8', timeout: 20_000 },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** The same without a process of its own. */
async function inProcess(args: readonly string[], options: { cwd?: string } = {}): Promise<Outcome> {
  const written = { out: '', err: '' };
  const code = await main(args, {
    cwd: options.cwd ?? scratch,
    env: {},
    stdin: Readable.from([]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

describe('policyc compile', () => {
  it('writes no router out of nothing: a file that is being written anew must not take all traffic away', async () => {
    const cwd = folder('emptied', {});
    folder('emptied/policies', { 'policy.yaml': '', 'more.yaml': '# tiers: { 1: small }\n' });
    const { code, out, err } = await inProcess(['compile'], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe('error: `policies` names no backend\nhelp: declare at least one under `backends:` with one model\n');
    expect(existsSync(join(cwd, 'generated'))).toBe(false);
  });
});

describe('policyc check', () => {
  it('finds nothing in the shipped policy, from any folder inside the checkout', async () => {
    const outcome = await policyc(['check', '--fail-on', 'warning'], { cwd: ROOT });
    expect(outcome).toMatchObject({ code: 0, err: '' });
    expect(outcome.out).toMatch(
      /^checked 9 files, 7 targets, 2 traffic policies: no findings\n4 invariants proven over \d+ cells\n( {2}✓ .+\n){4}$/,
    );
    expect((await inProcess(['check', '.'], { cwd: join(ROOT, 'policies') })).code).toBe(0);
  });

  it('tells what hangs on a single backend where it is asked to, and nothing fails for it', async () => {
    const { code, out } = await inProcess(['check', '--totality', '--fail-on', 'warning'], { cwd: ROOT });
    expect(code).toBe(0);
    expect(out).toContain('if `workstation` is down, no target is left for `support-chat` (chat, policy `customer-data`)\n');
    const { totality } = JSON.parse((await inProcess(['check', '--totality', '--format', 'json'], { cwd: ROOT })).out) as {
      totality: unknown[];
    };
    expect(totality).toContainEqual({
      backend: 'workstation',
      policy: 'customer-data',
      endpoint: 'chat',
      names: ['support-chat'],
      categories: null,
    });
  });

  it('prints seven findings for seven mistakes, each with place, frame, rule and help', async () => {
    const { code, out } = await policyc(['check', '.'], { cwd: SEVEN });
    expect(code).toBe(1);
    expect(out.match(/^error: .* \[[a-z-]+\]$/gm)).toHaveLength(7);
    expect(out.match(/^ +--> [a-z]+\.yaml:\d+:\d+$/gm)).toHaveLength(7);
    expect(out.match(/= help: /g)).toHaveLength(7);
    expect(out).toContain('4 |     privcy: restricted\n  |     ^^^^^^\n  = help: did you mean `privacy`\n');
    expect(out).toMatch(/checked 5 files: 7 errors\n$/);
    expect(out).not.toContain('\u001b');
  });

  it('shows the other place of a duplicate', async () => {
    const cwd = join(ROOT, 'test/samples/duplicate-name/input');
    const { out } = await inProcess(['check', '.'], { cwd });
    expect(out).toContain('--> a.yaml:2:3 `local` is first defined here');
  });

  it.each(['json', 'sarif', 'github', 'junit'])('%s goes to standard output alone', async (format) => {
    const { code, out, err } = await inProcess(['check', '.', '--format', format], { cwd: SEVEN });
    expect(code).toBe(1);
    expect(err).toBe('checked 5 files: 7 errors\n');
    expect(out).not.toContain('checked 5 files');
  });

  it('json has the seven keys and nothing else', async () => {
    const { out } = await inProcess(['check', '.', '--format', 'json'], { cwd: SEVEN });
    const report = JSON.parse(out);
    expect(Object.keys(report)).toEqual(['findings']);
    expect(report.findings).toHaveLength(7);
    expect(Object.keys(report.findings[0])).toEqual(['rule', 'severity', 'message', 'help', 'file', 'line', 'column']);
    expect(report.findings[6]).toEqual({
      rule: 'unknown-key',
      severity: 'error',
      message: '`traffic[0]` has no key `privcy`',
      help: 'did you mean `privacy`',
      file: 'traffic.yaml',
      line: 4,
      column: 5,
    });
    expect(JSON.parse((await inProcess(['check', '--format=json'], { cwd: ROOT })).out)).toEqual({ findings: [] });
  });

  it('sarif is one run whose results point into its rules', async () => {
    const { out } = await inProcess(['check', '.', '--format', 'sarif'], { cwd: SEVEN });
    const { version, runs } = JSON.parse(out);
    expect(version).toBe('2.1.0');
    expect(runs).toHaveLength(1);
    const { rules } = runs[0].tool.driver;
    expect(runs[0].results).toHaveLength(7);
    for (const result of runs[0].results) {
      expect(rules[result.ruleIndex].id).toBe(result.ruleId);
      const { region } = result.locations[0].physicalLocation;
      expect(region.endColumn).toBeGreaterThan(region.startColumn);
    }
  });

  it('github escapes what would end a property', async () => {
    const { out } = await inProcess(['check', '.', '--format', 'github'], { cwd: SEVEN });
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    for (const line of lines)
      expect(line).toMatch(/^::error file=[a-z]+\.yaml,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=[a-z-]+::.*%0Ahelp: /);
  });

  it('junit has a case for every file', async () => {
    const { out } = await inProcess(['check', '.', '--format', 'junit'], { cwd: SEVEN });
    expect(out).toContain('<testsuite name="policyc check" tests="5" failures="5" errors="0" skipped="0">');
    expect(out.match(/<testcase /g)).toHaveLength(5);
    expect(out.match(/<failure /g)).toHaveLength(5);
    const clean = await inProcess(['check', '--format', 'junit'], { cwd: ROOT });
    expect(clean.out.match(/<testcase name="policies\/[a-z]+\.yaml" classname="policyc.check"\/>/g)).toHaveLength(9);
  });

  it('an empty folder, a missing one and a file without policy are no clean checks', async () => {
    const empty = folder('empty', {});
    const outcome = await inProcess(['check', empty]);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toMatch(/^error: no policy in `.*empty`\nhelp: .*--allow-empty/);
    expect((await inProcess(['check', join(scratch, 'nowhere')])).code).toBe(2);
    expect((await inProcess(['check', folder('comments', { 'a.yaml': '# nothing\n' })])).code).toBe(2);
    expect((await inProcess(['check', folder('only-tests', { 'a.test.yaml': 'tests: []\n' })])).code).toBe(2);
    expect((await inProcess(['check', empty, '--allow-empty'])).code).toBe(0);
  });

  it('warnings fail only where they are told to', async () => {
    const cwd = folder('warned', { 'a.yaml': `${LOCAL}pools: { spare: {} }\n` });
    expect((await inProcess(['check', cwd])).code).toBe(0);
    expect((await inProcess(['check', cwd, '--fail-on', 'warning'])).code).toBe(1);
    expect((await inProcess(['check', cwd, '--fail-on=error'])).code).toBe(0);
  });

  it('reads standard input', async () => {
    const { code, out } = await policyc(['check', '-', '--format', 'json'], { input: `${LOCAL}alias: {}\n` });
    expect(code).toBe(1);
    expect(JSON.parse(out).findings).toMatchObject([{ file: '<stdin>', line: 5, column: 1, help: 'did you mean `aliases`' }]);
  });

  it('has no colour where NO_COLOR is set, and colour on a terminal', async () => {
    const { formatPretty } = await import('../../../compiler/cli/formats/format-pretty.ts');
    const { paintFor } = await import('../../../compiler/cli/formats/paint.ts');
    const terminal = { write: () => true, isTTY: true };
    const report = { diagnostics: [], sources: [] };
    expect(paintFor({ env: {}, stdout: terminal }).red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(paintFor({ env: { NO_COLOR: '1' }, stdout: terminal }).red('x')).toBe('x');
    expect(formatPretty(report, paintFor({ env: {}, stdout: terminal }))).toBe('');
  });
});

describe('usage', () => {
  it.each([
    [[], 'no command given'],
    [['chekc'], 'did you mean `check`'],
    [['check', '--fromat', 'json'], 'did you mean `--format`'],
    [['check', '--format', 'jsn'], 'did you mean `json`'],
    [['check', '--format'], '`--format` needs a value'],
    [['check', '--format', '--allow-empty'], '`--format` needs a value'],
    [['check', '--allow-empty=yes'], 'takes no value'],
    [['keys'], 'run `policyc keys new`'],
    [['keys', 'old'], 'run `policyc keys new`'],
    [['keys', 'new', '--name', 'a b'], '`--name` does not take'],
    [['constructor'], 'there is no command `constructor`'],
  ])('%j is exit code 2 with a remedy', async (args, message) => {
    const { code, out, err } = await inProcess(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toMatch(/^error: .*\nhelp: .+\n$/);
  });

  it('help names every command, and every command helps', async () => {
    const { code, out } = await inProcess(['--help']);
    expect(code).toBe(0);
    const names = readdirSync(join(ROOT, 'compiler/cli/commands')).map((file) => file.replace('.ts', ''));
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    for (const name of ['check', 'fmt', 'init', 'keys'])
      expect((await inProcess([name, '--help'])).out).toMatch(new RegExp(`^usage: policyc ${name}`));
  });
});

describe('policyc fmt', () => {
  it('formats in place, once, and leaves alone what it cannot read', async () => {
    const cwd = folder('fmt', {
      'a.yaml': "a:    {x: 'y'}   # why\n",
      'b.yaml': 'a: [\n',
      'c.test.yaml': 'tests:   []\n',
      'd.yaml': 'a: 1\n',
    });
    const wanting = await inProcess(['fmt', '--check', cwd]);
    expect(wanting.code).toBe(1);
    expect(wanting.out.trim().split('\n')).toHaveLength(2);
    expect(readFileSync(join(cwd, 'a.yaml'), 'utf8')).toContain("{x: 'y'}");
    const { code, err } = await inProcess(['fmt', cwd]);
    expect(code).toBe(1);
    expect(err).toContain('[yaml-syntax]');
    expect(readFileSync(join(cwd, 'a.yaml'), 'utf8')).toBe('a: { x: "y" } # why\n');
    expect(readFileSync(join(cwd, 'b.yaml'), 'utf8')).toBe('a: [\n');
    expect(readdirSync(cwd)).toHaveLength(4);
    rmSync(join(cwd, 'b.yaml'));
    expect(await inProcess(['fmt', '--check', cwd])).toMatchObject({ code: 0, out: '' });
  });

  it('turns standard input into standard output', async () => {
    expect(await policyc(['fmt', '-'], { input: 'a:   1\n' })).toMatchObject({ code: 0, out: 'a: 1\n' });
  });
});

describe('policyc init', () => {
  it('writes a policy that checks clean and is formatted, and overwrites nothing', async () => {
    const cwd = folder('init', {});
    expect(await policyc(['init'], { cwd })).toMatchObject({ code: 0, out: 'policies/policy.yaml\npolicies/routing.test.yaml\n' });
    expect((await inProcess(['check', '--fail-on', 'warning'], { cwd })).out).toMatch(/no findings/);
    expect((await inProcess(['fmt', '--check'], { cwd })).code).toBe(0);
    const again = await inProcess(['init'], { cwd });
    expect(again.code).toBe(2);
    expect(again.err).toContain('there is already a policy in `policies`');
  });
});

describe('policyc keys', () => {
  it('prints the key on standard output and its hash, ready for the policy, on standard error', async () => {
    const { code, out, err } = await policyc(['keys', 'new', '--name', 'search-service', '--team', 'search']);
    expect(code).toBe(0);
    expect(out).toMatch(/^pk-[A-Za-z0-9_-]{43}\n$/);
    expect(err).not.toContain(out.trim());
    const snippet = err.slice(err.indexOf('keys:\n'));
    expect(parse(snippet).keys['search-service'].sha256).toBe(createHash('sha256').update(out.trim()).digest('hex'));
    expect(setOf(LOCAL, snippet).callers[0]).toMatchObject({ name: 'search-service', team: 'search', scopes: ['llm:invoke'] });
    expect((await inProcess(['keys', 'new'])).out).not.toBe(out);
  });
});

describe('the command itself', () => {
  it('is linked by the script that npm runs after an install, and runs through the link', async () => {
    const copy = join(scratch, 'checkout');
    for (const path of ['compiler/cli/link-bins.js', 'compiler/cli/bin.js', 'runtime/bin.js']) cpSync(join(ROOT, path), join(copy, path));
    mkdirSync(join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
    await new Promise<void>((resolve, reject) => {
      execFile(process.execPath, [join(copy, 'compiler/cli/link-bins.js')], (error) => (error ? reject(error) : resolve()));
    });
    expect(readdirSync(join(copy, 'node_modules/.bin'))).toEqual(['policyc', 'policyd']);
    expect(readFileSync(join(copy, 'node_modules/.bin/policyc'), 'utf8')).toBe(readFileSync(BIN, 'utf8'));
  });

  it('hands over to the pinned Node where it is started by an older one, with arguments, input and exit code', async () => {
    const path = join(folder('old-node', {}), 'old.mjs');
    // The process believes that it runs on an old Node; the one that it hands over to is the real pinned one.
    writeFileSync(
      path,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } });\n" +
        "process.on('exit', () => process.stderr.write('handed over'));\n",
    );
    const outcome = await new Promise<Outcome>((resolve) => {
      const child = execFile(
        process.execPath,
        ['--import', path, BIN, 'check', '-', '--format', 'json'],
        { encoding: 'utf8', timeout: 20_000 },
        (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
      );
      child.stdin?.end('aliases: { a: nothing }\n');
    });
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(/handed over$/);
    expect(JSON.parse(outcome.out).findings).toHaveLength(1);
  });
});
