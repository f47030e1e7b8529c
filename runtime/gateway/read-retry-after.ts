export { readRetryAfter } from '../backends/read-retry-after.ts';
