import { createHash } from 'node:crypto';
import { compileText, HELLO } from './policyd.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The two files of an artifact, as `PUT /v1/policy` takes them. */
export interface Upload {
  readonly manifest: { readonly hash: string };
  readonly router: string;
}

export function toUpload(files: ReadonlyMap<string, string>): Upload {
  return { manifest: JSON.parse(files.get('manifest.json')!), router: files.get('router.js')! };
}

/**
 * An artifact with a planted fault: `wrap` is code over `made`, the true router, and `real`, how many of the requests that `Policyd.chat` sends
 * it was asked about, that returns the one to plant: a fault that waits for those is not found by the self-test. Every hash is made to fit, as an
 * attacker or a broken compiler would.
 */
export async function plant(policy: string, wrap: string): Promise<Map<string, string>> {
  const files = new Map(await compileText(policy));
  const router = `const whole = (() => {${files.get('router.js')}
})();
let real = 0;
const made = { ...whole, analyze(body, ...rest) { if (body.text().includes('${HELLO}')) real++; return whole.analyze(body, ...rest); } };
${wrap}`;
  const { hash: _, ...manifest } = JSON.parse(files.get('manifest.json')!) as { hash: string; router: { sha256: string } };
  manifest.router.sha256 = sha256(router);
  const text = JSON.stringify({ ...manifest, hash: sha256(JSON.stringify(manifest)) });
  return files.set('router.js', router).set('manifest.json', text);
}
