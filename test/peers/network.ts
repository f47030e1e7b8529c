import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Why there can be no namespaces here; null = there can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `pt${process.pid}`;
  try {
    ip('netns', 'add', name);
    try {
      ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`);
      ip('link', 'del', `${name}a`);
      ip('link', 'add', `${name}c`, 'type', 'bridge');
      ip('link', 'del', `${name}c`);
    } finally {
      ip('netns', 'del', name);
    }
    return null;
  } catch (error) {
    return `network namespaces cannot be made: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** A machine of the network: an address, and a way to start a program there. */
export interface Host {
  readonly address: string;
  /** Takes the place of Node. */
  readonly node: string;
  /** Pulls the cable, and puts it in again. */
  cut(): void;
  mend(): void;
}

let made = 0;

/** Network namespaces on a bridge that this process is at, too. */
export class Network {
  readonly #name = `pn${process.pid % 100_000}${made++}`;
  readonly #net = `10.${200 + (process.pid % 50)}.${(process.pid >> 3) % 250}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'network-'));
  readonly #hosts: string[] = [];
  /** Of this process. */
  readonly address = `${this.#net}.254`;

  constructor() {
    ip('link', 'add', this.#name, 'type', 'bridge');
    ip('addr', 'add', `${this.address}/24`, 'dev', this.#name);
    ip('link', 'set', this.#name, 'up');
  }

  add(): Host {
    const own = `${this.#name}x${this.#hosts.length}`;
    const address = `${this.#net}.${this.#hosts.length + 1}`;
    ip('netns', 'add', own);
    this.#hosts.push(own);
    ip('link', 'add', `${own}h`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own);
    ip('link', 'set', `${own}h`, 'master', this.#name, 'up');
    ip('-n', own, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', own, 'link', 'set', 'eth0', 'up');
    ip('-n', own, 'link', 'set', 'lo', 'up');
    const node = join(this.#folder, own);
    writeFileSync(node, `#!/bin/sh\nexec ip netns exec ${own} ${process.execPath} "$@"\n`);
    chmodSync(node, 0o755);
    return {
      address,
      node,
      cut: () => void ip('link', 'set', `${own}h`, 'down'),
      mend: () => void ip('link', 'set', `${own}h`, 'up'),
    };
  }

  remove(): void {
    for (const own of this.#hosts) {
      // A namespace lives as long as a process in it; its cable need not.
      for (const words of [
        ['link', 'del', `${own}h`],
        ['netns', 'del', own],
      ]) {
        try {
          ip(...words);
        } catch {
          // It was never made.
        }
      }
    }
    ip('link', 'del', this.#name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
