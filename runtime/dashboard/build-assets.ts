import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Asset, Assets } from './asset.ts';
import { linkImports, listImports } from './link-imports.ts';
import { PAGE_PATH } from './page-path.ts';
import { stripPageTypes } from './strip-page-types.ts';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
/** How hard brotli tries: whoever looks first waits for it. At 10 all takes 0.25 s more and is 8 % smaller. */
const QUALITY = 6;

/** Files of packages that the page loads, by the names that modules import them by. Nothing else of a package is served. */
const PACKAGES: readonly string[] = ['preact', 'preact/hooks', 'htm', 'htm/preact', 'uplot/dist/uPlot.esm.js'];
/** In the order in which they apply. */
const STYLES: readonly string[] = ['@picocss/pico/css/pico.min.css', 'uplot/dist/uPlot.min.css', './page/dashboard.css'];
const MAIN = './page/main.ts';

/**
 * The page and all that it loads, from the sources in `page/` and the packages beside: types stripped, imports linked, names made of
 * hashes, compressed. The same sources give the same bytes.
 *
 * @throws where a module imports what is not served.
 */
export function buildAssets(): Assets {
  const files = new Map<string, Asset>();
  const links = new Map<string, string>();
  const add = (file: string, type: string, text: string): string => {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
    const [stem, end] = [basename(file).replace(/\.\w+$/, ''), type === STYLE ? 'css' : 'js'];
    const name = `${stem}-${hash}.${end}`;
    files.set(name, compress(type, text));
    return `${PAGE_PATH}/${name}`;
  };
  /** Adds a module after those that it imports, since its own hash depends on theirs. */
  const link = (url: string, importers: readonly string[]): string => {
    const known = links.get(url);
    if (known !== undefined) return known;
    if (importers.includes(url)) throw new Error(`invariant: \`${url}\` imports itself over ${importers.length} modules`);
    const written = readFileSync(new URL(url), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
    const text = url.endsWith('.ts') ? stripPageTypes(written) : written;
    const places = new Map(
      listImports(text).flatMap((specifier) => {
        const to = locate(specifier, url);
        return to === null ? [] : [[specifier, link(to, [...importers, url])] as const];
      }),
    );
    const place = add(
      url,
      SCRIPT,
      linkImports(text, (specifier) => places.get(specifier) ?? null),
    );
    links.set(url, place);
    return place;
  };
  const styles = STYLES.map((file) => add(file, STYLE, readFileSync(new URL(import.meta.resolve(file)), 'utf8')));
  const main = link(import.meta.resolve(MAIN), []);
  const head = [
    ...styles.map((place) => `<link rel="stylesheet" href="${place}">`),
    // All at once: a browser would find each module only after it has read the one that imports it.
    ...[...links.values()].map((place) => `<link rel="modulepreload" href="${place}">`),
    `<script type="module" src="${main}"></script>`,
  ].join('\n  ');
  const html = readFileSync(new URL('./page/dashboard.html', import.meta.url), 'utf8').replace('<!-- assets -->', head);
  return { page: compress('text/html; charset=utf-8', html), files };
}

/** The file that a specifier names; null: it is none, but something in a text that looks alike. */
function locate(specifier: string, importer: string): string | null {
  if (PACKAGES.includes(specifier)) return import.meta.resolve(specifier);
  if (!specifier.startsWith('.')) return null;
  return new URL(specifier, importer).href;
}

function compress(type: string, text: string): Asset {
  const plain = Buffer.from(text);
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  return { type, plain, gzip: gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }), brotli };
}
