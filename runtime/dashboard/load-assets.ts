import { Worker } from 'node:worker_threads';
import type { Assets } from './asset.ts';

let loading: Promise<Assets> | null = null;

/**
 * The page with all that it loads, made once, when somebody asks for it first: a gateway that nobody looks at pays nothing. In a thread of
 * its own, since it takes a quarter of a second, and requests would wait for it.
 */
export function loadAssets(): Promise<Assets> {
  loading ??= build().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function build(): Promise<Assets> {
  return new Promise((resolve, reject) => {
    const module = new URL('./assets-thread.ts', import.meta.url).href;
    const worker = new Worker(new URL('../thread.js', import.meta.url), { workerData: { module }, name: 'page' });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that makes the dashboard ended with ${code}`)));
  });
}
