/** A node of the tailnet that carries the tag. */
export interface TailnetPeer {
  /** The first label of its DNS name, which is its own in the tailnet. */
  readonly name: string;
  /** An address of the tailnet; the IPv4 one where there is one. */
  readonly address: string;
  readonly online: boolean;
  /** ISO 8601; null where it is online, since it means nothing then, and where it was never seen. */
  readonly lastSeen: string | null;
}

export interface Tailnet {
  /** Why this machine is no part of it; null = it is. */
  readonly down: string | null;
  readonly peers: readonly TailnetPeer[];
}

/** Most nodes that are looked at. */
const MOST = 10_000;
const NEVER = '0001-01-01T00:00:00Z';

/** Reads a status of Tailscale (`ipn/ipnstate.Status`); what has another shape is left out. */
export function readTailnet(status: unknown, tag: string): Tailnet {
  const { BackendState, Self, Peer } = record(status);
  const running = BackendState === 'Running' && record(Self).Online === true;
  const state = typeof BackendState === 'string' ? BackendState : 'not known';
  const down = running ? null : BackendState === 'Running' ? 'tailscale runs, but this machine is offline' : `tailscale is ${state}`;
  const peers = Object.values(record(Peer))
    .slice(0, MOST)
    .flatMap((peer) => readPeer(record(peer), tag));
  return { down, peers: peers.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}

function readPeer({ DNSName, TailscaleIPs, Tags, Online, LastSeen }: Record<string, unknown>, tag: string): TailnetPeer[] {
  if (!Array.isArray(Tags) || !Tags.includes(tag)) return [];
  const name = typeof DNSName === 'string' ? DNSName.split('.')[0].toLowerCase() : '';
  const addresses = Array.isArray(TailscaleIPs) ? TailscaleIPs.filter((address) => typeof address === 'string') : [];
  const address = addresses.find((candidate) => !candidate.includes(':')) ?? addresses[0];
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) || address === undefined || !/^[0-9a-fA-F.:]+$/.test(address)) return [];
  const online = Online === true;
  const seen = !online && typeof LastSeen === 'string' && LastSeen !== NEVER && !Number.isNaN(Date.parse(LastSeen));
  return [{ name, address, online, lastSeen: seen ? LastSeen : null }];
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
