import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRunner } from '../../kube/cluster-world.ts';
import { KubeServer } from '../../kube/kube-server.ts';
import type { KubernetesRunner } from '../../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import { DEFAULT, type Site } from './candidate.ts';
import { WORKLOAD, writeScript } from './machine.ts';

let made = 0;

/** A cluster of one node, behind an API server at HTTP level. */
export async function makeCluster(): Promise<Site> {
  const home = mkdtempSync(join(tmpdir(), 'policyd-cluster-'));
  mkdirSync(join(home, 'starts'));
  const server = await KubeServer.start();
  server.addNode('one');
  // The other one holds back what is no whole line yet.
  server.kubelet.runtime = 'conmon';
  const opened: KubernetesRunner[] = [];
  return {
    node: 'kubernetes/one',
    async open() {
      const runner = openRunner(server);
      opened.push(runner);
      // As policyd does not wait for a cluster, who asks at once what is free waits here.
      while (!runner.nodes().some(({ reachable }) => reachable)) await new Promise((resolve) => setTimeout(resolve, 10));
      return runner;
    },
    makeRun(behaviour) {
      const id = `exam-${process.pid}-${made++}-1`;
      const command = ['sh', '-c', writeScript({ ...DEFAULT, ...behaviour }, join(home, 'starts', id))];
      const workload = { ...WORKLOAD, image: 'example.test/exam:1', command };
      return { id, job: `exam-${process.pid}`, node: 'kubernetes/one', trace: '0123456789abcdef0123456789abcdef', workload };
    },
    async countStarts({ id }) {
      const file = join(home, 'starts', id);
      return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
    },
    async remove() {
      for (const runner of opened) await runner.close();
      await server.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
