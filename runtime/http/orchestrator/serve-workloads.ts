import type { FastifyInstance } from 'fastify';
import type { Workloads } from '../../orchestrator/workloads/workloads.ts';
import { cancelJob } from './cancel-job.ts';
import { evict } from './evict.ts';
import { serveJobs } from './jobs.ts';
import { serveNodes } from './nodes.ts';
import { servePods } from './pods.ts';
import { schedule } from './schedule.ts';

/** The routes of workloads, a file for each. */
export function serveWorkloads(app: FastifyInstance, workloads: Workloads): void {
  schedule(app, workloads);
  servePods(app, workloads);
  serveNodes(app, workloads);
  evict(app, workloads);
  serveJobs(app, workloads);
  cancelJob(app, workloads);
}
