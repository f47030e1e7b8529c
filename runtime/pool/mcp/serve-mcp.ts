import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { parseArgs } from 'node:util';
import { Failure } from '../../failure.ts';
import { callApi } from './call-api.ts';
import { createMcpServer } from './create-mcp-server.ts';

const USAGE = `policyd mcp: the tools of the coordination pool, over standard input and output

  --url URL        the policyd that does it (default http://127.0.0.1:8080)
  --key-env NAME   variable that holds a key with the scopes read:jobs and write:jobs, where the policy has keys
`;

/** `policyd mcp`: a program that an agent starts; it speaks to a policyd that runs. @throws Failure on arguments that it does not know. */
export function serveMcp(args: readonly string[], env: Readonly<Record<string, string | undefined>>, version: string): void {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE);
  const { url, key } = readArguments(args, env);
  serveStdio(() => createMcpServer(version, (request) => callApi(url, key === null ? null : `Bearer ${key}`, request)), {
    onerror: (error) => process.stderr.write(`policyd mcp: ${error.message}\n`),
  });
}

function readArguments(args: readonly string[], env: Readonly<Record<string, string | undefined>>): { url: string; key: string | null } {
  const help = 'run `policyd mcp --help`';
  let values: { url?: string; 'key-env'?: string };
  try {
    ({ values } = parseArgs({ args: [...args], options: { url: { type: 'string' }, 'key-env': { type: 'string' } } }));
  } catch (error) {
    throw new Failure('arguments', [(error as Error).message], help);
  }
  const url = (values.url ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
  const variable = values['key-env'];
  const problems: string[] = [];
  if (!/^https?:\/\/[^@\s]+$/.test(url)) problems.push('`--url` must be an http(s) url without a user name');
  if (variable !== undefined && !env[variable]) problems.push(`\`${variable}\` of \`--key-env\` is not set, or empty`);
  if (problems.length > 0) throw new Failure('arguments', problems, help);
  return { url, key: variable === undefined ? null : env[variable]! };
}
