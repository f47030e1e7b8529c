import { request } from 'node:http';

/** Most bytes of an answer: a tailnet has thousands of nodes at most. */
const LONGEST = 16 << 20;

/** An answer of tailscaled with another status than 200. */
export class LocalApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'LocalApiError';
    this.status = status;
  }
}

/**
 * `GET` of Tailscale's LocalAPI over its socket. The `Host` is what tailscaled asks for; see `client/tailscale/apitype` of
 * github.com/tailscale/tailscale.
 *
 * @throws LocalApiError, and what a socket throws that is not there (`ENOENT`, `EACCES`, `ECONNREFUSED`).
 */
export function askLocalApi(socketPath: string, path: string, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'local-tailscaled.sock', accept: 'application/json' };
    const call = request({ socketPath, path, headers, agent: false, signal: AbortSignal.timeout(timeout) }, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size > LONGEST) answer.destroy(new Error(`tailscaled answered with more than ${LONGEST} bytes`));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (answer.statusCode !== 200) {
          return reject(
            new LocalApiError(answer.statusCode ?? 0, `tailscaled answered ${answer.statusCode}: ${text.trim().slice(0, 200)}`),
          );
        }
        try {
          resolve(JSON.parse(text));
        } catch {
          reject(new Error('tailscaled answered no JSON'));
        }
      });
    });
    call.on('error', reject);
    call.end();
  });
}
