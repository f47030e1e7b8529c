import { readRunners } from '../read-runners.ts';
import type { Surroundings } from '../surroundings.ts';
import { ApiServer } from './api-server.ts';
import { KubernetesRunner } from './kubernetes-runner.ts';
import { readKubeconfig } from './read-kubeconfig.ts';

/**
 * Opens the runner of a cluster; null: `--runners` leaves it out. That the cluster cannot be reached is no failure: its nodes cannot be, until
 * they can. @throws Failure `[kubeconfig]` where it is not told rightly which cluster.
 */
export async function openKubernetes({
  config,
  env,
  log,
  redactor,
}: Pick<Surroundings, 'config' | 'env' | 'log' | 'redactor'>): Promise<KubernetesRunner | null> {
  if (!readRunners(config.runners, []).includes('kubernetes')) return null;
  const { kubeconfig, kubeContext: context, kubeNamespace: namespace } = config;
  const { client, kube, reload } = await readKubeconfig({ kubeconfig, context, namespace }, env);
  const user = kube.getCurrentUser();
  redactor.add([user?.token ?? null, user?.password ?? null]);
  return new KubernetesRunner({ server: new ApiServer(client, kube, reload), namespace, name: kube.getCurrentContext(), log });
}
