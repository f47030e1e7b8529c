import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { makeFreshCopy } from '../docs/fresh-copy.ts';
import { findFreePort } from '../docs/find-free-port.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const dockerfile = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
/** Bytes of the base image, `docker images gcr.io/distroless/nodejs24-debian12`: Node, and 25 MB of Debian. */
const DEBIAN = 25e6;
const LIMIT = 250e6;

/** The image is made here without an engine, by its own commands; that takes the registry, and rights over mounts. */
const isAsked = (process.env.PACKAGE_NODES ?? '') !== '';
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'policyc-image-'));
const image = join(folder, 'root');
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

/** Does what the stage `install` says, and puts what the last stage copies where it says. */
function makeImage(): void {
  const [, stage] = /AS install\n([\s\S]*?)\nFROM /.exec(dockerfile)!;
  const app = join(image, 'app');
  mkdirSync(app, { recursive: true });
  for (const line of stage.matchAll(/^(COPY|RUN) (.+)$/gm)) {
    const [, instruction, text] = line;
    if (instruction === 'COPY') for (const file of text.split(' ').slice(0, -1)) cpSync(join(ROOT, file), join(app, file));
    else execFileSync('sh', ['-ec', text.replaceAll(/ (\/data|\/artifact)/g, ` ${image}$1`)], { cwd: app, stdio: 'pipe' });
  }
  const copy = makeFreshCopy();
  execFileSync(process.execPath, [join(copy, 'deploy/build.ts')], { cwd: copy, stdio: 'pipe' });
  cpSync(join(copy, 'dist'), join(app, 'dist'), { recursive: true });
  rmSync(copy, { recursive: true, force: true });
}

/** Stands for the base image: this Node with the libraries that it loads, and nothing else. */
function addNode(): void {
  mkdirSync(join(image, 'nodejs/bin'), { recursive: true });
  copyFileSync(process.execPath, join(image, 'nodejs/bin/node'));
  for (const [library] of execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
    mkdirSync(join(image, dirname(library)), { recursive: true });
    copyFileSync(library, join(image, library));
  }
}

const weigh = (path: string): number => Number(execFileSync('du', ['-sb', path], { encoding: 'utf8' }).split('\t')[0]);

test.skipIf(!isAsked)('the image stays under 250 MB (PACKAGE_NODES)', { timeout: 300_000 }, () => {
  makeImage();
  addNode();
  const bytes = weigh(join(image, 'app')) + weigh(join(image, 'nodejs')) + DEBIAN;
  process.stdout.write(`image: ${Math.round(bytes / 1e6)} MB, of which the program ${Math.round(weigh(join(image, 'app')) / 1e6)} MB\n`);
  expect(bytes).toBeLessThan(LIMIT);
});

test.skipIf(!isAsked || !canMount)(
  'it serves as a user without rights on a file system that is read only, and its health check tells (PACKAGE_NODES, root)',
  { timeout: 120_000 },
  async () => {
    const env = [...dockerfile.matchAll(/([A-Z_]+)=(\S+?)( \\)?$/gm)]
      .map(([, name, value]) => [name, value.replaceAll('"', '')])
      .filter(([name]) => /^(NODE_ENV|POLICYD_\w+)$/.test(name));
    const port = await findFreePort();
    const [, check] = /CMD (\["\/nodejs[^\n]+\])/.exec(dockerfile)!;
    mkdirSync(join(image, 'policies'));
    cpSync(join(ROOT, 'deploy/policies/policy.yaml'), join(image, 'policies/policy.yaml'));
    writeFileSync(join(image, 'policies/keys.yaml'), `keys: { me: { sha256: "${'ab'.repeat(32)}" } }\n`);
    const quote = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const values = Object.entries({ ...Object.fromEntries(env), POLICYD_PORT: port }).map(([name, value]) => `${name}=${value}`);
    const inside = quote(['env', '-i', 'PATH=/usr/sbin:/usr/bin', ...values, 'chroot', '--userspec=65532:65532', image]);
    const script = `
      cd /; mkdir -p ${image}/proc ${image}/dev; mount --bind ${image} ${image}; mount -t proc proc ${image}/proc; mount --bind /dev ${image}/dev
      for folder in data artifact; do mount -t tmpfs -o uid=65532,gid=65532,mode=0700 tmpfs ${image}/$folder; done
      mount -o remount,ro,bind ${image}; touch ${image}/x 2>/dev/null && exit 9
      ${inside} /nodejs/bin/node /app/dist/runtime/bin.js --watch /policies & policyd=$!
      for _ in $(seq 60); do ${inside} ${quote(JSON.parse(check))} && healthy=yes && break; sleep 0.5; done
      echo "healthy: $healthy"; grep -E '^(Uid|CapEff)' /proc/$policyd/status; kill $policyd; wait $policyd; echo "ended: $?"
      ${inside} ${quote(JSON.parse(check))}; echo "check when down: $?"`;
    const told = await new Promise<string>((resolve) => {
      execFile('unshare', ['--mount', 'bash', '-c', script], { timeout: 90_000 }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    for (const line of ['healthy: yes', 'Uid:\t65532', 'CapEff:\t0000000000000000', 'ended: 0', 'check when down: 1'])
      expect(told).toContain(line);
  },
);
