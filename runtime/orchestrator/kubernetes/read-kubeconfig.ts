import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { Failure } from '../../failure.ts';

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const AUTHORITY = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';

export interface KubeSettings {
  /** Path of a kubeconfig; null = in-cluster, else `$KUBECONFIG`, else `~/.kube/config`. */
  readonly kubeconfig: string | null;
  /** null = the current one of the kubeconfig. */
  readonly context: string | null;
  readonly namespace: string;
}

export interface ReadKubeconfig {
  readonly client: typeof import('@kubernetes/client-node');
  readonly kube: KubeConfig;
  /** Reads it again, as it is now. */
  reload(): KubeConfig;
}

/** Reads where the cluster is and who we are there; nothing is asked of it. @throws Failure `[kubeconfig]` with every problem at once. */
export async function readKubeconfig(settings: KubeSettings, env: Readonly<Record<string, string | undefined>>): Promise<ReadKubeconfig> {
  // A second to load and 90 MB: nobody else pays for it.
  const client = await import('@kubernetes/client-node');
  const reload = (): KubeConfig => {
    const problems: string[] = [];
    const kube = new client.KubeConfig();
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(settings.namespace)) {
      problems.push(`\`--kube-namespace\` must be a DNS label like \`policyd\`, not \`${settings.namespace}\``);
    }
    if (load(kube, () => new client.KubeConfig(), settings, env, problems)) check(kube, settings, problems);
    if (problems.length === 0) return kube;
    throw new Failure(
      'kubeconfig',
      problems,
      'name another with `--kubeconfig` and `--kube-context`, or take `kubernetes` out of `--runners`',
    );
  };
  return { client, kube: reload(), reload };
}

function load(
  kube: KubeConfig,
  make: () => KubeConfig,
  { kubeconfig }: KubeSettings,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): boolean {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (kubeconfig === null && host !== undefined && existsSync(TOKEN)) {
    const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    kube.loadFromOptions({
      clusters: [{ name: 'in-cluster', caFile: AUTHORITY, server, skipTLSVerify: false }],
      users: [{ name: 'in-cluster', authProvider: { name: 'tokenFile', config: { tokenFile: TOKEN } } }],
      contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'in-cluster' }],
      currentContext: 'in-cluster',
    });
    return true;
  }
  const home = join(env.HOME ?? homedir(), '.kube', 'config');
  const named = kubeconfig !== null ? [kubeconfig] : (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  const files = named.length > 0 ? named : [home];
  let loaded = 0;
  for (const file of files) {
    try {
      const one = make();
      one.loadFromFile(file);
      if (loaded === 0) kube.loadFromFile(file);
      else kube.mergeConfig(one, true);
      loaded += 1;
    } catch (error) {
      problems.push(`kubeconfig \`${file}\` cannot be read: ${describe(error)}`);
    }
  }
  return loaded > 0;
}

function check(kube: KubeConfig, { context }: KubeSettings, problems: string[]): void {
  const names = kube.getContexts().map(({ name }) => name);
  const wanted = context ?? kube.getCurrentContext();
  const known = names.length === 0 ? 'it has none' : `it has ${names.slice(0, 10).join(', ')}`;
  if (!wanted) {
    problems.push(`the kubeconfig has no current context; ${known}`);
    return;
  }
  if (!names.includes(wanted)) {
    problems.push(`the kubeconfig has no context \`${wanted}\`; ${known}`);
    return;
  }
  kube.setCurrentContext(wanted);
  const { cluster: clusterName, user: userName } = kube.getContextObject(wanted)!;
  const cluster = kube.getCurrentCluster();
  const user = kube.getCurrentUser();
  if (cluster === null) problems.push(`context \`${wanted}\` names cluster \`${clusterName}\`, which the kubeconfig does not have`);
  else {
    if (!URL.canParse(cluster.server) || !/^https?:$/.test(new URL(cluster.server).protocol)) {
      problems.push(`cluster \`${clusterName}\` has no address: \`${cluster.server}\``);
    } else if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
      problems.push(`cluster \`${clusterName}\` is reached without TLS; say \`insecure-skip-tls-verify: true\` where that is meant`);
    }
    if (cluster.caFile) checkFile(cluster.caFile, `certificate authority of cluster \`${clusterName}\``, problems);
  }
  if (user === null && userName) problems.push(`context \`${wanted}\` names user \`${userName}\`, which the kubeconfig does not have`);
  if (user?.certFile) checkFile(user.certFile, `certificate of user \`${userName}\``, problems);
  if (user?.keyFile) checkFile(user.keyFile, `key of user \`${userName}\``, problems);
  if (user?.exec != null && !user.exec.command) problems.push(`user \`${userName}\` has an exec plugin without a command`);
}

function checkFile(file: string, what: string, problems: string[]): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    problems.push(`${what}, \`${file}\`, cannot be read: ${describe(error)}`);
  }
}

/** Errors of YAML parsers show the lines around: those may hold a token. */
const describe = (error: unknown): string => {
  const { message, code } = error as Error & { code?: string };
  return code === 'ENOENT' ? 'it is not there' : code === 'EACCES' ? 'permission denied' : message.split('\n')[0].slice(0, 200);
};
