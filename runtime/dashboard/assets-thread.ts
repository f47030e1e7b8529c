import { parentPort } from 'node:worker_threads';
import { buildAssets } from './build-assets.ts';

// Begins in runtime/thread.js, tells one message and ends.
parentPort!.postMessage(buildAssets());
