import { isIP } from 'node:net';
import type { Config } from '../../config/config.ts';
import { Failure } from '../../failure.ts';

/** A peer that was named. */
export interface StaticPeer {
  /** `host:port`, as it was written. */
  readonly name: string;
  readonly url: string;
}

export interface PeerSettings {
  /** Peers of the tailnet are looked for, and may ask. */
  readonly tailnet: boolean;
  readonly named: readonly StaticPeer[];
  readonly tag: string;
  readonly socket: string;
  /** Port of peers of the tailnet; null = that of this server. */
  readonly port: number | null;
  /** What this server shows to peers; null = nothing. */
  readonly key: string | null;
  /** Ms that a run at a peer may live without being heard of. */
  readonly lease: number;
}

/** Most peers that can be named. */
const MOST = 64;

/** @returns null where peers are off. @throws Failure with every problem at once. */
export function readPeerSettings(config: Config, env: Readonly<Record<string, string | undefined>>): PeerSettings | null {
  const problems: string[] = [];
  const words = config.peers.split(',').map((word) => word.trim());
  const named: StaticPeer[] = [];
  for (const word of words) {
    if (word === 'auto' || word === 'accept' || (word === 'off' && words.length === 1)) continue;
    const url = toUrl(word);
    if (url === null) problems.push(`\`${word}\` of \`--peers\` is no \`host:port\``);
    else if (named.some((other) => other.url === url)) problems.push(`\`${word}\` stands twice in \`--peers\``);
    else named.push({ name: word.replace(/^https?:\/\//, ''), url });
  }
  if (named.length > MOST) problems.push(`\`--peers\` names ${named.length} peers; ${MOST} is the most`);
  if (!/^tag:[a-zA-Z][a-zA-Z0-9-]{0,62}$/.test(config.peerTag)) problems.push('`--peer-tag` must be like `tag:policyd`');
  const key = config.peerKeyEnv === null ? null : (env[config.peerKeyEnv] ?? '');
  if (key !== null && !/^[\x21-\x7e]+$/.test(key)) problems.push(`\`${config.peerKeyEnv}\` of \`--peer-key-env\` is not set, or no key`);
  if (problems.length > 0) {
    throw new Failure('config', problems, 'write `--peers auto`, `--peers accept`, or a list like `10.0.0.2:8080,lab.example:8080`');
  }
  if (words[0] === 'off') return null;
  return {
    tailnet: words.includes('auto'),
    named,
    tag: config.peerTag,
    socket: config.tailscaleSocket,
    port: config.peerPort === 0 ? null : config.peerPort,
    key,
    lease: config.peerLease,
  };
}

function toUrl(word: string): string | null {
  const [, scheme = 'http', host, port] = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(word) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  if (host.startsWith('[') && isIP(host.slice(1, -1)) !== 6) return null;
  return `${scheme}://${host.toLowerCase()}:${Number(port)}`;
}
