import { readFileSync } from 'node:fs';
import closeWithGrace from 'close-with-grace';
import { describeOptions } from './config/describe-options.ts';
import { readConfig } from './config/read-config.ts';
import { Failure } from './failure.ts';
import { startServer } from './server.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** policyd: reads its configuration, serves until it is told to stop. Exit codes: 0 stopped, 2 could not start, 3 our own fault. */
export async function main(args: readonly string[]): Promise<void> {
  if (args[0] !== 'mcp' && (args.includes('--help') || args.includes('-h'))) return void process.stdout.write(describeOptions());
  if (args.includes('--version')) return void process.stdout.write(`${version}\n`);
  try {
    if (args[0] === 'mcp') return (await import('./pool/mcp/serve-mcp.ts')).serveMcp(args.slice(1), process.env, version);
    const config = readConfig(args, process.env);
    const server = await startServer(config, process.env, version);
    process.on('SIGHUP', () => void server.reload());
    closeWithGrace({ delay: config.drain, logger: false, skip: ['SIGHUP'] }, async ({ signal, err }) => {
      if (err) process.stderr.write(`policyd: ${err.stack ?? err.message}\n`);
      process.stderr.write(`policyd: ${signal ?? 'an error'}: waiting for requests in flight\n`);
      await server.close();
    });
    const keys = server.keyless ? '; the policy has no caller keys, so only loopback is served' : '';
    process.stderr.write(`policyd: serving on ${server.url} with policy ${server.policy.slice(0, 12)}${keys}\n`);
  } catch (error) {
    process.stderr.write(describeFailure(error));
    process.exit(error instanceof Failure || isAddressError(error) ? 2 : 3);
  }
}

function isAddressError(error: unknown): boolean {
  return ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function describeFailure(error: unknown): string {
  if (error instanceof Failure)
    return `${error.problems.map((problem) => `policyd: ${problem} [${error.slug}]`).join('\n')}\n  help: ${error.help}\n`;
  if (isAddressError(error)) return `policyd: ${(error as Error).message} [address]\n  help: choose another --host or --port\n`;
  return `policyd: ${(error as Error).stack ?? error}\n`;
}
