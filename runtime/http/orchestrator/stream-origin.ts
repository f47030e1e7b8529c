import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';

/**
 * A web page may open a WebSocket to any server, and no browser asks that server before. So a page of another origin than this server's
 * own is refused, unless it is one of `allowed`. Behind a proxy that speaks TLS the scheme differs: the host is what counts.
 *
 * @throws OrchestratorError 403.
 */
export function refuseOrigin(origin: string | undefined, host: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes(origin)) return;
  if (origin === `http://${host}` || origin === `https://${host}`) return;
  const message = 'a web page of another origin may not read streams [origin] help: name it in `--cors-origins`';
  throw new OrchestratorError(403, 'foreign_origin', message);
}
