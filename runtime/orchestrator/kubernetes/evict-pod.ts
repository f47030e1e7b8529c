import type { V1Eviction } from '@kubernetes/client-node';
import type { StopResult } from '../runner.ts';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';

/** Evictions in the version that this API server serves: asked once, when the first is wanted. */
export class Evictions {
  readonly #server: ApiServer;
  #version: Promise<string> | null = null;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  /** Asks for a pod's eviction. Disruption budgets may refuse it; that is an answer, not an error. */
  async evict(namespace: string, name: string, uid: string, seconds: number): Promise<StopResult> {
    this.#version ??= this.#discover();
    const apiVersion = await this.#version.catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    const body: V1Eviction = {
      apiVersion,
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: { gracePeriodSeconds: seconds, preconditions: { uid } },
    };
    try {
      await this.#server.core.createNamespacedPodEviction({ name, namespace, body });
      return { result: 'stopped' };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404 || error.status === 409) return { result: 'gone' };
      const budget = error.causes.find(({ reason }) => reason === 'DisruptionBudget');
      if (error.status === 429 && budget !== undefined) return { result: 'refused', reason: budget.message ?? error.message };
      // A server of many versions says so as an internal error: two budgets over one pod.
      if (error.status === 500 && /more than one PodDisruptionBudget/.test(error.message))
        return { result: 'refused', reason: error.message };
      throw error;
    }
  }

  async #discover(): Promise<string> {
    const group = await this.#server.read<{ versions?: { groupVersion: string }[] }>('/apis/policy', {});
    const served = (group.versions ?? []).map(({ groupVersion }) => groupVersion);
    return served.includes('policy/v1') || served.length === 0 ? 'policy/v1' : 'policy/v1beta1';
  }
}
