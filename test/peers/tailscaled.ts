import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TailnetMember {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Absent from what tailscaled says where there are none. */
  readonly tags?: readonly string[];
  readonly online?: boolean;
  readonly lastSeen?: string;
}

const NEVER = '0001-01-01T00:00:00Z';
const SUFFIX = 'tail1234.ts.net';

/**
 * The LocalAPI of tailscaled on a socket, as far as it is asked here: the same paths, statuses and JSON (`ipn/localapi`, `ipn/ipnstate`,
 * `client/tailscale/apitype` of github.com/tailscale/tailscale).
 */
export class Tailscaled {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tailscaled-'));
  readonly socket = join(this.#folder, 'tailscaled.sock');
  readonly #server: Server;
  /** What was asked, path by path. */
  readonly asked: string[] = [];
  self: TailnetMember;
  members: readonly TailnetMember[];
  backendState = 'Running';

  private constructor(self: TailnetMember, members: readonly TailnetMember[]) {
    this.self = self;
    this.members = members;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://local-tailscaled.sock');
      this.asked.push(url.pathname + url.search);
      const say = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
        response.writeHead(status, { 'content-type': type, 'tailscale-version': '1.90.6', 'tailscale-cap': '130' });
        response.end(body);
      };
      if (request.headers.host !== 'local-tailscaled.sock') return say(403, 'invalid localapi request\n');
      if (url.pathname === '/localapi/v0/status') return say(200, JSON.stringify(this.status(), null, '\t'), 'application/json');
      if (url.pathname === '/localapi/v0/whois') {
        const addr = url.searchParams.get('addr');
        if (addr === null) return say(400, "missing 'addr' parameter\n");
        const found = this.whois(addr);
        if (found === undefined) return say(400, "invalid 'addr' parameter\n");
        if (found === null) return say(404, 'no match for IP:port\n');
        return say(200, JSON.stringify(found, null, '\t'), 'application/json');
      }
      say(404, 'not found\n');
    });
  }

  static async start(self: TailnetMember, members: readonly TailnetMember[]): Promise<Tailscaled> {
    const tailscaled = new Tailscaled(self, members);
    await new Promise<void>((resolve) => tailscaled.#server.listen(tailscaled.socket, resolve));
    return tailscaled;
  }

  /** `ipnstate.Status`. */
  status(): Record<string, unknown> {
    const running = this.backendState === 'Running';
    return {
      Version: '1.90.6-t1234567-g89abcdef',
      TUN: true,
      BackendState: this.backendState,
      HaveNodeKey: true,
      AuthURL: '',
      TailscaleIPs: running ? this.self.addresses : null,
      Self: describe(this.self, 'self'),
      Health: [],
      MagicDNSSuffix: SUFFIX,
      CurrentTailnet: running ? { Name: 'example.com', MagicDNSSuffix: SUFFIX, MagicDNSEnabled: true } : null,
      CertDomains: null,
      Peer: running ? Object.fromEntries(this.members.map((member) => [`nodekey:${keyOf(member)}`, describe(member, 'peer')])) : null,
      User: running ? { '1001': { ID: 1001, LoginName: 'tagged-devices', DisplayName: 'Tagged Devices' } } : null,
      ClientVersion: null,
    };
  }

  /** `apitype.WhoIsResponse`; null: nobody has the address; undefined: it is none. */
  whois(addr: string): Record<string, unknown> | null | undefined {
    const ip = /^(?:\[([0-9a-f:]+)\]|([\d.]+))(?::\d+)?$/i.exec(addr);
    if (ip === null) return undefined;
    const member = [this.self, ...this.members].find(({ addresses }) => addresses.includes(ip[1] ?? ip[2]));
    if (member === undefined) return null;
    return {
      Node: {
        ID: 4711,
        StableID: `n${keyOf(member).slice(0, 8)}CNTRL`,
        Name: `${member.name}.${SUFFIX}.`,
        User: 1001,
        Key: `nodekey:${keyOf(member)}`,
        Addresses: member.addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
        ...(member.tags === undefined ? {} : { Tags: member.tags }),
        Hostinfo: { OS: 'linux', Hostname: member.name },
        ComputedName: member.name,
      },
      UserProfile: { ID: 1001, LoginName: 'tagged-devices', DisplayName: 'Tagged Devices' },
      CapMap: {},
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** `ipnstate.PeerStatus`. */
function describe(member: TailnetMember, kind: 'self' | 'peer'): Record<string, unknown> {
  const { name, addresses, tags, online = true, lastSeen = NEVER } = member;
  return {
    ID: `n${keyOf(member).slice(0, 8)}CNTRL`,
    PublicKey: `nodekey:${keyOf(member)}`,
    HostName: name,
    DNSName: `${name}.${SUFFIX}.`,
    OS: 'linux',
    UserID: 1001,
    TailscaleIPs: addresses,
    AllowedIPs: addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
    ...(tags === undefined ? {} : { Tags: tags }),
    Addrs: kind === 'self' ? ['192.0.2.1:41641'] : null,
    CurAddr: '',
    Relay: 'fra',
    PeerRelay: '',
    RxBytes: 0,
    TxBytes: 0,
    Created: '2026-03-01T08:00:00.123456789Z',
    LastWrite: NEVER,
    LastSeen: online ? NEVER : lastSeen,
    LastHandshake: NEVER,
    Online: online,
    ExitNode: false,
    ExitNodeOption: false,
    Active: false,
    PeerAPIURL: addresses.map((address) => `http://${address.includes(':') ? `[${address}]` : address}:4242`),
    TaildropTarget: 0,
    NoFileSharingReason: '',
    InNetworkMap: true,
    InMagicSock: kind === 'peer',
    InEngine: false,
  };
}

function keyOf({ name }: TailnetMember): string {
  return Buffer.from(name.padEnd(32, '.')).toString('hex');
}
