import { parentPort } from 'node:worker_threads';
import { prepareText } from './prepare-text.ts';

/** The thread that makes chunks of texts: a megabyte takes a good part of a second. */
const port = parentPort!;
port.on('message', ({ id, text }: { id: number; text: string }) => {
  try {
    port.postMessage({ id, result: prepareText(text) });
  } catch (error) {
    port.postMessage({ id, problem: (error as Error).message });
  }
});
