import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSources } from '../../../compiler/cli/sources.ts';

let root: string;
const stdin = Readable.from([]);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'policyc-sources-'));
  for (const folder of ['p/sub', 'p/.hidden', 'p/node_modules', 'p/..2026_11_20', 'loop', 'dangling', 'latin'])
    mkdirSync(join(root, folder), { recursive: true });
  const files = [
    'p/b.yaml',
    'p/a.yml',
    'p/sub/c.yaml',
    'p/x.test.yaml',
    'p/readme.md',
    'p/.hidden/d.yaml',
    'p/node_modules/e.yaml',
    'p/..2026_11_20/f.yaml',
  ];
  for (const file of files) writeFileSync(join(root, file), `# ${file}\n`);
  // The shape of a mounted ConfigMap: links into a folder with a hidden name.
  symlinkSync('..2026_11_20/f.yaml', join(root, 'p/f.yaml'));
  symlinkSync('.', join(root, 'loop/again'));
  symlinkSync('nowhere.yaml', join(root, 'dangling/a.yaml'));
  writeFileSync(join(root, 'latin/a.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const filesOf = async (paths: string[], kind?: 'policy' | 'tests') =>
  (await readSources(paths, { cwd: root, stdin }, kind)).map(({ file }) => file);

describe('sources', () => {
  it('are the policy files of a folder, sorted, through links, without tests and hidden ones', async () => {
    expect(await filesOf(['p'])).toEqual(['p/a.yml', 'p/b.yaml', 'p/f.yaml', 'p/sub/c.yaml']);
    expect(await filesOf(['p'], 'tests')).toEqual(['p/x.test.yaml']);
  });

  it('are read once however often they are named, whatever they are called', async () => {
    expect(await filesOf(['p/b.yaml', 'p', join(root, 'p/b.yaml'), 'p/readme.md'])).toHaveLength(5);
  });

  it('are relative to the working folder', async () => {
    const sources = await readSources([join(root, 'p/sub')], { cwd: join(root, 'p'), stdin });
    expect(sources).toEqual([{ file: 'sub/c.yaml', text: '# p/sub/c.yaml\n' }]);
    expect(await readSources(['../b.yaml'], { cwd: join(root, 'p/sub'), stdin })).toMatchObject([{ file: '../b.yaml' }]);
  });

  it('may come from standard input', async () => {
    const sources = await readSources(['-'], { cwd: root, stdin: Readable.from([Buffer.from('a: ä'), Buffer.from('\n')]) });
    expect(sources).toEqual([{ file: '<stdin>', text: 'a: ä\n' }]);
  });

  it.each([
    ['nowhere', 'there is no such file or folder'],
    ['loop', 'nested more than 32 deep'],
    ['dangling', 'there is no such file or folder'],
    ['latin', 'is not UTF-8 text'],
  ])('%s is refused: %s', async (path, message) => {
    await expect(filesOf([path])).rejects.toThrow(message);
  });

  it('end: what never does is cut off', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024, 'a');
      })(),
    );
    await expect(readSources(['-'], { cwd: root, stdin: endless })).rejects.toThrow('standard input is larger than 64 MiB');
  });
});
