// Where a thread begins: `workerData.module` is the module that runs in it, as an URL.
import { workerData } from 'node:worker_threads';

await import(workerData.module);
