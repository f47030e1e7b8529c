import { isIP } from 'node:net';
import { authenticate } from '../../auth/authenticate.ts';
import { GatewayError } from '../../gateway/gateway-error.ts';
import type { LiveRouter } from '../../router/live-router.ts';
import type { TailnetNode, Tailscale } from './tailscale.ts';

/** Ms that an identity is believed, and how many are. */
const BELIEVED = 15_000;
const MOST = 1_024;

/** What an answer of `whois` was, and until when it holds (`performance.now()`). */
interface Known {
  readonly node: Promise<TailnetNode | null>;
  readonly until: number;
}

/**
 * Who a peer is: the name of the key that it shows, or where it shows none, the name that the tailnet knows its address by, if that carries
 * the tag. A policy without keys serves this machine only, whose processes are all the same to it.
 */
export class PeerGate {
  readonly #tailscale: Tailscale | null;
  readonly #tag: string;
  readonly #known = new Map<string, Known>();

  /** @param tailscale Null = peers are known by keys only. */
  constructor(tailscale: Tailscale | null, tag: string) {
    this.#tailscale = tailscale;
    this.#tag = tag;
  }

  /** @throws GatewayError 401 or 403. */
  async identify(router: LiveRouter, authorization: string | undefined, address: string | undefined, port: number): Promise<string> {
    const { callers } = router.manifest;
    if (callers.length === 0) return 'loopback';
    if (authorization !== undefined || this.#tailscale === null) return callers[authenticate(router, authorization, 'peer')].name;
    const ip = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    const node = isIP(ip) === 0 ? null : await this.#whois(ip, port);
    if (node === null) {
      throw refuse(
        401,
        'invalid_api_key',
        'no key was given, and the tailnet does not know the address [no-key] help: call from the tailnet, or with a key of scope `peer`',
      );
    }
    if (!node.tags.includes(this.#tag)) {
      throw refuse(
        403,
        'insufficient_scope',
        `\`${node.name}\` does not carry \`${this.#tag}\` [peer-tag] help: give it the tag, or set --peer-tag`,
      );
    }
    return `tailnet:${node.name}`;
  }

  async #whois(ip: string, port: number): Promise<TailnetNode | null> {
    const now = performance.now();
    const at = `${ip} ${port}`;
    const known = this.#known.get(at);
    if (known !== undefined && known.until > now) return known.node;
    const node = this.#tailscale!.whois(ip, port);
    this.#known.delete(at);
    this.#known.set(at, { node, until: now + BELIEVED });
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value!);
    return node.catch((error: Error) => {
      this.#known.delete(at);
      throw refuse(
        503,
        'service_unavailable',
        `nobody can tell who calls: ${error.message} [whois] help: start tailscaled, or call with a key`,
      );
    });
  }
}

function refuse(status: number, code: string, message: string): GatewayError {
  return new GatewayError(status, status === 403 ? 'permission_error' : 'invalid_request_error', code, message, {
    headers: status === 401 ? { 'www-authenticate': 'Bearer' } : {},
  });
}
