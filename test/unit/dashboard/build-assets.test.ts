import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import type { Assets } from '../../../runtime/dashboard/asset.ts';
import { buildAssets } from '../../../runtime/dashboard/build-assets.ts';
import { linkImports, listImports } from '../../../runtime/dashboard/link-imports.ts';

const PAGE = new URL('../../../runtime/dashboard/page/', import.meta.url);
let assets: Assets;
beforeAll(() => {
  assets = buildAssets();
});
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const served = (): string[] => [...assets.files.keys()].map((name) => `/dashboard/${name}`);

test('the same sources give the same bytes', () => {
  const again = buildAssets();
  expect([...again.files.keys()]).toEqual([...assets.files.keys()]);
  expect(text(again.page.plain)).toBe(text(assets.page.plain));
});

test('every module of the page is served, and all that one imports', () => {
  const modules = readdirSync(PAGE).filter((name) => /(?<!\.d)\.ts$/.test(name));
  // Those that hold types alone are imported by nobody once types are gone.
  const typesOnly = ['explanation.ts', 'server-words.ts'];
  for (const name of modules) {
    const found = [...assets.files.keys()].some((file) => file.startsWith(`${name.slice(0, -3)}-`) && file.endsWith('.js'));
    expect(found, name).toBe(!typesOnly.includes(name));
  }
  for (const [name, { plain, type }] of assets.files) {
    if (!type.startsWith('text/javascript')) continue;
    for (const specifier of listImports(text(plain))) expect(served(), `${name} imports ${specifier}`).toContain(specifier);
  }
});

test('the page loads what is served, and nothing that stands elsewhere', () => {
  const html = text(assets.page.plain);
  const linked = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, place]) => place);
  expect(new Set(linked)).toEqual(new Set(served()));
  expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
});

test('a name is the hash of what it names; compressed it is the same', () => {
  for (const [name, { plain, gzip, brotli }] of assets.files) {
    expect(name).toContain(createHash('sha256').update(plain).digest('hex').slice(0, 12));
    expect(Buffer.compare(brotliDecompressSync(brotli), plain)).toBe(0);
    expect(Buffer.compare(gunzipSync(gzip), plain)).toBe(0);
  }
});

test('all of it is under 150 kB, compressed in either way', () => {
  for (const way of ['gzip', 'brotli'] as const) {
    const bytes = [assets.page, ...assets.files.values()].reduce((sum, asset) => sum + asset[way].length, 0);
    expect(bytes, way).toBeGreaterThan(50_000);
    expect(bytes, way).toBeLessThan(150_000);
  }
});

test('imports are linked in every way of writing them, and only those that have a place', () => {
  const source = `import{h as r}from"preact";import './side.ts';\nexport { x } from './x.ts';\nimport y from 'unknown';\nconst s = "from nowhere";`;
  const places: Record<string, string> = { preact: '/p.js', './side.ts': '/s.js', './x.ts': '/x.js' };
  expect(listImports(source)).toEqual(['preact', './side.ts', './x.ts', 'unknown']);
  expect(linkImports(source, (specifier) => places[specifier] ?? null)).toBe(
    `import{h as r}from"/p.js";import '/s.js';\nexport { x } from '/x.js';\nimport y from 'unknown';\nconst s = "from nowhere";`,
  );
});
