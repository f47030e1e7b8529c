import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyId, makeKeys, readPrivateKey, signManifest } from '../../compiler/sign/signature.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { toUpload } from './plant.ts';
import { compileText, type ErrorBody, launch, Policyd, until, writeArtifact } from './policyd.ts';

interface Status {
  readonly active: {
    readonly hash: string;
    readonly signed_by: string | null;
    readonly sources: readonly { file: string; sha256: string }[];
  };
  readonly last_error: { readonly message: string; readonly hash: string | null } | null;
}

const ours = makeKeys();
const second = makeKeys();
const theirs = makeKeys();
let home: string;
let upstream: Upstream;
let policyd: Policyd;

const policyOf = (quality: number): string => `
backends:
  server: { type: vllm, url: "${upstream.url}", models: { m: { quality: ${quality} } } }
`;
const read = (): Promise<Status> => policyd.get<Status>('/v1/policy');
const sign = (files: ReadonlyMap<string, string>, keys: { privateKey: string }): string =>
  signManifest(files.get('manifest.json')!, readPrivateKey(keys.privateKey));
/** As `policyc sign` does: after the manifest, by rename. */
function putSignature(signature: string | null): void {
  const path = join(policyd.folder, 'manifest.sig');
  if (signature === null) {
    rmSync(path, { force: true });
    return;
  }
  writeFileSync(`${path}.tmp`, signature);
  renameSync(`${path}.tmp`, path);
}
async function put(body: object): Promise<{ status: number; message: string; hash: string }> {
  const answer = await fetch(`${policyd.url}/v1/policy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await answer.json()) as Status & ErrorBody;
  return { status: answer.status, message: json.error?.message ?? '', hash: json.active?.hash ?? '' };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'signing-'));
  upstream = await Upstream.start();
  const folder = join(home, 'generated');
  const files = await compileText(policyOf(0.1));
  writeArtifact(folder, new Map([...files, ['manifest.sig', sign(files, ours)]]));
  // Two keys, so that one can take the other's place.
  writeFileSync(join(home, 'trust.pub'), `# ours\n${second.publicKey}\n${ours.publicKey}`);
  policyd = await Policyd.run(home, folder, { args: ['--trust', join(home, 'trust.pub'), '--allow-upload'] });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  rmSync(home, { recursive: true, force: true });
});

test('the status says who vouches for the policy, and what it was made from', async () => {
  const { active } = await read();
  expect(active.signed_by).toBe(ours.id);
  expect(active.sources).toEqual([{ file: 'policies/policy.yaml', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  expect(keyId(readPrivateKey(ours.privateKey))).toBe(ours.id);
});

test('an artifact that is written without its signature waits for it; until then the old one serves, and the status says why', async () => {
  const before = await read();
  const files = await compileText(policyOf(0.2));
  const { hash } = JSON.parse(files.get('manifest.json')!) as { hash: string };
  // The signature of the one before is still there.
  writeArtifact(policyd.folder, files);
  await until(async () => (await read()).last_error?.message.includes('[wrong-signature]'), 'the refusal');
  const { active } = await read();
  expect(active).toEqual({ ...before.active, ...volatile(active) });
  putSignature(null);
  await until(async () => (await read()).last_error?.message.includes('[unsigned]'), 'the other refusal');
  expect((await policyd.chat('m')).headers.get('x-nexus-policy')).toBe(before.active.hash);
  putSignature(sign(files, second));
  await until(async () => (await read()).active.hash === hash, 'the signed one');
  expect(await read()).toMatchObject({ active: { signed_by: second.id }, last_error: null });
});

/** Members that change by themselves. */
const volatile = (active: object): object => {
  const { age_seconds, in_flight, first_decision_us } = active as Record<string, unknown>;
  return { age_seconds, in_flight, first_decision_us };
};

test('stripped, signed by another, signed for another: each is refused, whatever way it comes, and nothing changes', async () => {
  const before = await read();
  const files = await compileText(policyOf(0.3));
  const upload = toUpload(files);
  const signature = JSON.parse(sign(files, ours)) as { key: string; signature: string };
  const foreign = JSON.parse(sign(files, theirs)) as { key: string };
  const other = sign(await compileText(policyOf(0.4)), ours);
  const changed = Buffer.from(signature.signature, 'base64');
  changed[5] ^= 1;
  const cases: [slug: string, signature: unknown][] = [
    ['[unsigned]', undefined],
    ['[untrusted-key]', foreign],
    // It says that it is of a key that is trusted.
    ['[wrong-signature]', { ...foreign, key: ours.id }],
    ['[wrong-signature]', other],
    ['[wrong-signature]', { ...signature, signature: changed.toString('base64') }],
    ['[wrong-signature]', { ...signature, signature: '' }],
    ['[untrusted-key]', { ...signature, key: '0'.repeat(16) }],
    ['[signature-format]', { ...signature, algorithm: 'none' }],
    ['[signature-format]', { ...signature, format: 2 }],
    ['[signature-format]', 'true'],
    ['[signature-format]', { ...signature, key: '__proto__' }],
  ];
  for (const [slug, value] of cases) {
    const refused = await put({ ...upload, ...(value === undefined ? {} : { signature: value }) });
    expect([refused.status, refused.message.includes(slug)], `${slug} ${refused.message}`).toEqual([422, true]);
    const after = await read();
    expect([after.active.hash, after.last_error?.message.includes(slug)]).toEqual([before.active.hash, true]);
  }
  // The same on disk, in a folder inside the server's own.
  for (const [name, value] of [
    ['stripped', null],
    ['foreign', JSON.stringify(foreign)],
    ['other', other],
  ] as const) {
    const folder = join(policyd.folder, name);
    writeArtifact(folder, new Map([...files, ...(value === null ? [] : ([['manifest.sig', value]] as const))]));
    expect((await put({ path: folder })).status, name).toBe(422);
  }
  expect((await read()).active.hash).toBe(before.active.hash);
  // A changed manifest with hashes that fit, under the signature of the true one.
  const { hash: _, ...manifest } = JSON.parse(files.get('manifest.json')!) as { hash: string; compiler: string };
  const { createHash } = await import('node:crypto');
  const forged = { ...manifest, compiler: 'forged' };
  const whole = { ...forged, hash: createHash('sha256').update(JSON.stringify(forged)).digest('hex') };
  expect((await put({ ...upload, manifest: whole, signature })).message).toContain('[wrong-signature]');
  // What was refused for its signature may come again with the right one.
  const taken = await put({ ...upload, signature });
  expect([taken.status, taken.hash]).toEqual([200, upload.manifest.hash]);
  expect((await read()).active.signed_by).toBe(ours.id);
});

test('a server that trusts somebody does not start with what nobody signed, nor with a file that holds no key, nor compiles by itself', async () => {
  const folder = join(home, 'unsigned');
  writeArtifact(folder, await compileText(policyOf(0.1)));
  const fails = async (...args: string[]): Promise<string> => {
    const { child, output } = launch(['--policy', folder, '--data', join(home, 'data2'), '--port', '0', ...args]);
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(2);
    return output.join('');
  };
  const trust = join(home, 'trust.pub');
  expect(await fails('--trust', trust)).toMatch(
    /is refused: it is not signed \[unsigned\]\n {2}help: sign it with a key that --trust names/,
  );
  const privateFile = join(home, 'key');
  writeFileSync(privateFile, ours.privateKey);
  const said = await fails('--trust', privateFile);
  expect(said).toContain('is a private key, which belongs to who signs [trust]');
  expect(said).not.toContain(ours.privateKey.split('\n')[1]);
  writeFileSync(privateFile, 'nothing\n');
  expect(await fails('--trust', privateFile)).toContain('holds no public key [trust]');
  expect(await fails('--trust', join(home, 'none'))).toContain("can't be read (ENOENT) [trust]");
  expect(await fails('--trust', trust, '--watch', home)).toContain('`--watch` compiles what nobody has signed');
  writeArtifact(
    folder,
    new Map([['manifest.sig', sign(new Map([['manifest.json', readFileSync(join(folder, 'manifest.json'), 'utf8')]]), ours)]]),
  );
  const started = await Policyd.run(join(home, 'again'), folder, { args: ['--trust', trust] });
  expect(await started.stop()).toBe(0);
});
