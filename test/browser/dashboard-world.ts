import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { compileText, Policyd, until } from '../e2e/policyd.ts';
import { KubeServer } from '../kube/kube-server.ts';
import { Upstream } from '../upstreams/upstream.ts';

const KEYS = { ops: 'pk-ops', app: 'pk-app', reader: 'pk-reader', worker: 'pk-worker' } as const;
/** A peer that nobody answers for. */
const AWAY = '127.0.0.1:9';
const CLOUD_KEY = 'sk-cloud';
const PEER_KEY = 'pk-peer';
const LOCAL = ['llama3.2', 'qwen2.5-coder'];

/** What a caller asks, in turn. Two of them are turned away. */
const QUESTIONS: readonly object[] = [
  chat('auto', 'Rename variable x to y'),
  chat('auto', 'Design a complete microservices architecture with sharding and failover'),
  chat('support-chat', 'My order 4711 has not arrived'),
  chat('gpt-5', 'Write a haiku about routers'),
  chat('auto', 'Prove the lemma', { stream: true }),
  chat('gpt-5-mini', 'Fix the test of the parser'),
  chat('claude-sonnet', 'Review this design'),
];

const ANSWERED = JSON.stringify(chat('llama3.2', 'hi'));
const TURNED_AWAY = JSON.stringify(chat('claude-sonnet', 'hi'));

/** A policyd with callers' keys, budgets and classes in front of servers that answer, as somebody who looks at its dashboard has it. */
export class DashboardWorld {
  readonly policyd: Policyd;
  readonly local: Upstream;
  readonly cloud: Upstream;
  /** Another policyd, which takes workloads of the first. */
  readonly peer: Policyd;
  /** Nodes that the first can place workloads on. */
  readonly cluster: KubeServer;
  readonly #home: string;
  #asked = 0;

  private constructor(policyd: Policyd, local: Upstream, cloud: Upstream, peer: Policyd, cluster: KubeServer, home: string) {
    this.policyd = policyd;
    this.local = local;
    this.cloud = cloud;
    this.peer = peer;
    this.cluster = cluster;
    this.#home = home;
  }

  /** Swaps stay: what a busy machine does to its figures is no part of what is looked at. */
  static async start(args: readonly string[] = ['--watch-window', '0']): Promise<DashboardWorld> {
    const local = await Upstream.start({ models: LOCAL, resident: LOCAL });
    const cloud = await Upstream.start({ models: ['gpt-5', 'gpt-5-mini'], key: CLOUD_KEY });
    const peer = await Policyd.start(PEER_POLICY, { args: ['--peers', 'accept', '--node-labels', 'zone=edge'] });
    const cluster = await KubeServer.start();
    cluster.addNode('rack-1', {
      cpu: '16',
      memory: '64Gi',
      labels: { zone: 'rack', disk: 'nvme' },
      allocatable: { 'nvidia.com/gpu': '2' },
    });
    cluster.addNode('rack-2', { cpu: '8', memory: '32Gi', labels: { zone: 'rack' }, spec: { unschedulable: true } });
    const home = mkdtempSync(join(tmpdir(), 'policyd-dashboard-'));
    writeFileSync(join(home, 'kubeconfig'), cluster.kubeconfig());
    const policyd = await Policyd.start(writePolicy(local, cloud, 'restricted'), {
      env: { CLOUD_KEY, PEER_KEY },
      args: [
        ...args,
        ...['--peers', `${new URL(peer.url).host},${AWAY}`, '--peer-key-env', 'PEER_KEY', '--probe-interval', '1000'],
        ...['--runners', 'local,kubernetes', '--kubeconfig', join(home, 'kubeconfig')],
      ],
    });
    const world = new DashboardWorld(policyd, local, cloud, peer, cluster, home);
    await world.waitForPeer();
    return world;
  }

  /** The key of somebody with scope `admin`, of an application, of somebody who may only read of jobs, and of one who has some. */
  get keys(): typeof KEYS {
    return KEYS;
  }

  /** The same policy, but customer data may leave. */
  get loosened(): string {
    return writePolicy(this.local, this.cloud, 'unrestricted');
  }

  /** Calls the server as somebody with scope `admin`, or with another key. */
  async call(method: string, path: string, body?: unknown, key: string = KEYS.ops): Promise<Response> {
    const answer = await fetch(this.policyd.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** Sends an artifact of the loosened policy. `query` says how it enters, another name of its last rule makes it another artifact. */
  async upload(query = '', last = 'everything-else'): Promise<void> {
    const files = await compileText(this.loosened.replace('everything-else', last));
    await this.call('PUT', `/v1/policy${query}`, { manifest: JSON.parse(files.get('manifest.json')!), router: files.get('router.js') });
  }

  /** Sends questions one after the other, as a caller with a key. */
  async ask(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const answer = await this.policyd.post('/v1/chat/completions', QUESTIONS[this.#asked++ % QUESTIONS.length], {
        authorization: `Bearer ${KEYS.app}`,
      });
      await answer.arrayBuffer();
    }
  }

  /** Sends many short questions as fast as they are answered, a few at once; every second one is turned away. */
  async flood(count: number): Promise<void> {
    const pool = new Pool(this.policyd.url, { connections: 6 });
    let left = count;
    const call = async (): Promise<void> => {
      while (left-- > 0) {
        const { body } = await pool.request({
          method: 'POST',
          path: '/v1/chat/completions',
          headers: { authorization: `Bearer ${KEYS.app}`, 'content-type': 'application/json' },
          body: left % 2 === 0 ? TURNED_AWAY : ANSWERED,
        });
        await body.dump();
      }
    };
    await Promise.all(Array.from({ length: 6 }, call));
    await pool.close();
  }

  /** A workload that runs until somebody ends it, on this machine; its id, once it runs. */
  async run(name: string, key: string = KEYS.ops): Promise<string> {
    const asked = { name, command: ['/bin/sleep', '3600'], resources: { cpu: 0.01, memory: '64MiB' }, node_labels: { zone: 'restricted' } };
    const { job_id } = (await (await this.call('POST', '/schedule', asked, key)).json()) as { job_id: string };
    await this.reach(job_id, 'running');
    return job_id;
  }

  async waitForPeer(): Promise<void> {
    const isUp = async (): Promise<boolean> => {
      const { items } = (await (await this.call('GET', '/v1/peers')).json()) as { items: { state: string }[] };
      return items.some(({ state }) => state === 'up');
    };
    await until(isUp, 'the peer to be up', 60_000);
  }

  async statusOf(job: string): Promise<string> {
    return (await this.#find(job)).status;
  }

  /** Waits until a job has this state. @throws with the one it has instead, and why. */
  async reach(job: string, status: string): Promise<void> {
    try {
      await until(async () => (await this.statusOf(job)) === status, status, 120_000);
    } catch {
      throw new Error(`job ${job} is not ${status}: ${JSON.stringify(await this.#find(job))}`);
    }
  }

  async #find(job: string): Promise<{ readonly status: string }> {
    return (await (await this.call('GET', `/v1/jobs/${job}`)).json()) as { status: string };
  }

  /** Ends what runs: workloads outlive their policyd. */
  async endWorkloads(): Promise<void> {
    const live = async (): Promise<readonly string[]> => {
      const { items } = (await (await this.call('GET', '/v1/jobs?status=running')).json()) as { items: { job_id: string }[] };
      return items.map(({ job_id }) => job_id);
    };
    for (const job of await live()) await this.call('POST', `/v1/jobs/${job}/cancel`, {});
    await until(async () => (await live()).length === 0, 'the workloads to end', 60_000);
  }

  async stop(): Promise<void> {
    await this.endWorkloads();
    await this.policyd.stop();
    await this.peer.stop();
    await Promise.all([this.local.stop(), this.cloud.stop(), this.cluster.close()]);
    rmSync(this.#home, { recursive: true, force: true });
  }
}

function writePolicy(local: Upstream, cloud: Upstream, privacy: string): string {
  return `version: 1
backends:
  workstation:
    type: ollama
    url: "${local.url}"
    tier: 2
    priority: 100
    max_in_flight: 8
    models:
      llama3.2: { quality: 0.62, context: 128k, capabilities: [tools] }
      qwen2.5-coder: { tier: 3, quality: 0.72, context: 32k, capabilities: [tools, json] }
  openai:
    type: openai
    url: "${cloud.url}"
    api_key_env: CLOUD_KEY
    tier: 4
    models:
      gpt-5-mini: { quality: 0.82, capabilities: [tools, json], price: { input: 0.25, output: 2 } }
      gpt-5: { quality: 0.93, tier: 5, capabilities: [tools, json, reasoning], price: { input: 1.25, output: 10 } }
  spare:
    type: vllm
    url: http://127.0.0.1:9
    tier: 3
    zone: restricted
    models:
      claude-sonnet: { quality: 0.9, price: { input: 3, output: 15 } }
auto:
  auto: { candidates: ["*"] }
  support-chat: { candidates: ["*"] }
classes:
  proof: { when: { words: [prove, theorem, lemma] }, candidates: ["gpt-5*"] }
categories:
  FAST: { when: { input_tokens: "<12" }, objective: cost }
  NORMAL: { objective: quality }
traffic:
  # customer data never leaves the building
  - { name: customer-data, match: { model: "support-*" }, privacy: ${privacy} }
  - { name: coding, match: { model: "gpt-5*" }, min_tier: 4 }
  - { name: everything-else }
budgets:
  team: { limit_usd: 5, period: month, soft_limit_percent: 75, hard_limit_action: warn }
  cloud: { limit_usd: 0.5, period: day, soft_limit_percent: 75, hard_limit_action: warn, scope: { backend: openai } }
keys:
  ops: { sha256: "${sha256(KEYS.ops)}", scopes: [admin, "llm:invoke", "read:jobs", "write:jobs", "context:read"] }
  app: { sha256: "${sha256(KEYS.app)}", scopes: ["llm:invoke"] }
  reader: { sha256: "${sha256(KEYS.reader)}", scopes: ["read:jobs"] }
  worker: { sha256: "${sha256(KEYS.worker)}", scopes: ["read:jobs", "write:jobs"] }
`;
}

const PEER_POLICY = `backends: { box: { type: ollama, url: "http://127.0.0.1:9", models: { m: {} } } }
keys: { lab: { sha256: "${sha256(PEER_KEY)}", scopes: [peer] } }
`;

function sha256(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function chat(model: string, content: string, more: object = {}): object {
  return { model, messages: [{ role: 'user', content }], ...more };
}
