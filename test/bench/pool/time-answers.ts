/**
 * Measures a policyd from within, without a word in it: `node --import time-answers.ts`, with the file for the figures in `ANSWER_TIMES`. They
 * are ms from a request whose headers are read to an answer that is handed to the system, for each refusal (429), as JSON when the process ends.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isMainThread } from 'node:worker_threads';

const { ANSWER_TIMES: file } = process.env;
if (isMainThread && file !== undefined) {
  const begun = new WeakMap<IncomingMessage, number>();
  const times: number[] = [];
  subscribe('http.server.request.start', (message) => {
    begun.set((message as { request: IncomingMessage }).request, performance.now());
  });
  subscribe('http.server.response.finish', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (response.statusCode === 429) times.push(performance.now() - begun.get(request)!);
  });
  process.once('exit', () => writeFileSync(file, JSON.stringify(times)));
}
