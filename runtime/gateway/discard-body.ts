import type { IncomingMessage } from 'node:http';

/** Longest time and most bytes that a body nobody wants is listened to. */
const PATIENCE = 5_000;
const MOST = 256 << 20;

/**
 * Reads what is left of a body and throws it away. An answer sent before would be lost: closing a connection whose bytes were not
 * read resets it, and the caller sees a broken pipe in place of the reason.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    const end = (): void => {
      clearTimeout(timer);
      request.off('data', count);
      resolve();
    };
    const count = (part: Buffer): void => {
      bytes += part.length;
      if (bytes > MOST) end();
    };
    const timer = setTimeout(end, PATIENCE);
    request.on('data', count).once('end', end).once('close', end).once('error', end);
    request.resume();
  });
}
