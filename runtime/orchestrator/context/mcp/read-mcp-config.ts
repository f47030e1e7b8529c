import { readFileSync } from 'node:fs';
import { Failure } from '../../../failure.ts';
import { resolveEnv } from '../../../router/resolve-env.ts';
import type { McpAddress, McpServerConfig } from './mcp-config.ts';

const MOST_SERVERS = 32;
const KEYS = ['type', 'command', 'args', 'env', 'cwd', 'url', 'headers', 'disabled', 'search', 'resources', 'notify', 'privacy', 'timeout'];
const TIMEOUT = 5_000;
const LONGEST_TIMEOUT = 300_000;
/** What is shorter is no secret, and would be taken out of every line. */
const SHORTEST_SECRET = 8;

export interface ReadMcpConfig {
  readonly servers: readonly McpServerConfig[];
  /** What must never be told. */
  readonly secrets: readonly string[];
}

/**
 * The servers of a file in the shape that MCP clients share, `{"mcpServers": {name: {command, args, env} | {url, headers}}}`, with what
 * each is for beside it. `${NAME}` and `${NAME:-default}` in them are of the environment.
 *
 * @throws Failure `[config]` with every problem at once.
 */
export function readMcpConfig(file: string, env: Readonly<Record<string, string | undefined>>): ReadMcpConfig {
  const reader = new Reader(env);
  let servers: readonly McpServerConfig[] = [];
  try {
    const text = readFileSync(file, 'utf8');
    servers = reader.read(JSON.parse(text));
  } catch (cause) {
    reader.problems.push(cause instanceof SyntaxError ? 'it is no json' : (cause as Error).message);
  }
  if (reader.problems.length > 0) {
    throw new Failure(
      'config',
      reader.problems.map((problem) => `\`${file}\` of \`--mcp-servers\`: ${problem}`),
      'docs/context.md shows what it may hold',
    );
  }
  return { servers, secrets: reader.secrets.filter((secret) => secret.length >= SHORTEST_SECRET) };
}

type Bag = Readonly<Record<string, unknown>>;

class Reader {
  readonly problems: string[] = [];
  readonly secrets: string[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  read(file: unknown): McpServerConfig[] {
    const { mcpServers } = (isBag(file) ? file : {}) as { mcpServers?: unknown };
    if (!isBag(mcpServers)) {
      this.problems.push('it has no `mcpServers`');
      return [];
    }
    const entries = Object.entries(mcpServers);
    if (entries.length > MOST_SERVERS) this.problems.push(`${entries.length} servers are more than ${MOST_SERVERS}`);
    return entries.flatMap(([name, value]) => {
      if (!/^[A-Za-z][\w-]{0,63}$/.test(name) || name === 'semantic' || name === 'keyword' || name === 'chunk') {
        this.problems.push(`\`${name}\` is no name of a server: letters, digits, \`-\` and \`_\``);
        return [];
      }
      if (!isBag(value)) {
        this.problems.push(`\`${name}\` is no object`);
        return [];
      }
      return value.disabled === true ? [] : [this.#readServer(name, value)];
    });
  }

  #readServer(name: string, value: Bag): McpServerConfig {
    for (const key of Object.keys(value))
      if (!KEYS.includes(key)) this.problems.push(`there is no \`${name}.${key}\`; there are ${KEYS.join(', ')}`);
    const search = this.#bag(value, name, 'search');
    const resources = this.#bag(value, name, 'resources');
    const notify = this.#bag(value, name, 'notify');
    const timeout = value.timeout ?? TIMEOUT;
    if (!(typeof timeout === 'number' && timeout >= 100 && timeout <= LONGEST_TIMEOUT)) {
      this.problems.push(`\`${name}.timeout\` must be a number of ms from 100 to ${LONGEST_TIMEOUT}`);
    }
    if (value.privacy !== undefined && value.privacy !== 'restricted' && value.privacy !== 'unrestricted') {
      this.problems.push(`\`${name}.privacy\` must be restricted or unrestricted`);
    }
    return {
      name,
      address: this.#readAddress(name, value),
      search:
        search === null
          ? null
          : {
              tool: this.#text(search, `${name}.search`, 'tool') ?? '',
              argument: this.#text(search, `${name}.search`, 'argument') ?? '',
              results: search.results === undefined ? null : this.#text(search, `${name}.search`, 'results'),
            },
      resources:
        resources === null
          ? null
          : {
              namespace: resources.namespace === undefined ? 'default' : (this.#text(resources, `${name}.resources`, 'namespace') ?? ''),
              team: resources.team === undefined ? null : this.#text(resources, `${name}.resources`, 'team'),
            },
      notify: notify === null ? null : { tool: this.#text(notify, `${name}.notify`, 'tool') ?? '', arguments: notify.arguments ?? {} },
      isInside: value.privacy === 'restricted',
      timeout: timeout as number,
    };
  }

  #readAddress(name: string, value: Bag): McpAddress {
    const { command, url } = value;
    if ((command === undefined) === (url === undefined)) this.problems.push(`\`${name}\` needs either \`command\` or \`url\``);
    if (url !== undefined) {
      const address = this.#resolve(this.#text(value, name, 'url') ?? '', `${name}.url`, false);
      if (!/^https?:\/\/[^@\s]+$/.test(address)) this.problems.push(`\`${name}.url\` must be an http(s) url without a user name`);
      return { kind: 'http', url: address, headers: this.#texts(value, name, 'headers') };
    }
    const args = value.args ?? [];
    if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string'))
      this.problems.push(`\`${name}.args\` must be a list of strings`);
    return {
      kind: 'stdio',
      command: command === undefined ? '' : (this.#text(value, name, 'command') ?? ''),
      args: Array.isArray(args) ? args.map((arg, row) => this.#resolve(String(arg), `${name}.args.${row}`, true)) : [],
      env: this.#texts(value, name, 'env'),
      cwd: value.cwd === undefined ? null : this.#text(value, name, 'cwd'),
    };
  }

  /** Values of headers and environment: taken for secrets, all of them. */
  #texts(value: Bag, name: string, key: string): Record<string, string> {
    const bag = this.#bag(value, name, key) ?? {};
    const texts: Record<string, string> = {};
    for (const [member, text] of Object.entries(bag)) {
      if (typeof text !== 'string') this.problems.push(`\`${name}.${key}.${member}\` must be a string`);
      else {
        texts[member] = this.#resolve(text, `${name}.${key}.${member}`, true);
        if (key === 'headers') this.secrets.push(texts[member], texts[member].replace(/^\S+\s+/, ''));
      }
    }
    return texts;
  }

  #resolve(text: string, place: string, isSecret: boolean): string {
    const resolved = resolveEnv(text, this.#env, `\`${place}\``, this.problems);
    // What comes from the environment does so because it must not stand in the file.
    if (isSecret && resolved !== text) {
      this.secrets.push(resolved, ...[...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => this.#env[name] ?? ''));
    }
    return resolved;
  }

  #bag(value: Bag, name: string, key: string): Bag | null {
    const found = value[key];
    if (found === undefined) return null;
    if (isBag(found)) return found;
    this.problems.push(`\`${name}.${key}\` must be an object`);
    return null;
  }

  #text(value: Bag, name: string, key: string): string | null {
    const found = value[key];
    if (typeof found === 'string' && found !== '') return found;
    this.problems.push(`\`${name}.${key}\` must be a string`);
    return null;
  }
}

function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
