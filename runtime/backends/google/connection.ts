import type { Dialect } from '../dialect.ts';
import { judgeModelList } from '../openai.ts';

/**
 * How the Gemini API is reached: the key goes in a header, never in the address, which logs and proxies keep.
 * Source: https://ai.google.dev/gemini-api/docs/api-key, https://ai.google.dev/api/models#method:-models.list
 */
export const googleConnection: Pick<Dialect, 'authorize' | 'healthPath' | 'judge'> = {
  authorize: (key) => ['x-goog-api-key', key],
  healthPath: '/v1beta/models?pageSize=1',
  // A key that is not valid is a 400 here.
  judge: (status, body) =>
    status === 400 && body.includes('API_KEY_INVALID') ? { state: 'down', reason: 'the api key is refused (400)' } : judgeModelList(status),
};
