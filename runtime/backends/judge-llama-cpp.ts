import type { Health } from './dialect.ts';
import { judgeModelList } from './judge-model-list.ts';

/** `GET /health` of llama.cpp's server answers 503 with `Loading model` until the model is in memory. */
export function judgeLlamaCpp(status: number, body: string): Health {
  if (status === 503 && body.includes('oading')) return { state: 'loading', reason: 'the model is being loaded' };
  return judgeModelList(status);
}
