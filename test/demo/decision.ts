/** One answer of the gateway, as its status, headers and body tell it. */
export interface Decision {
  readonly status: number;
  /** `none` where no backend was called. */
  readonly backend: string;
  /** The model that answered, or the error's code. */
  readonly model: string;
  readonly reason: string;
  readonly zone: string;
  /** Estimate in USD as the header has it; null where the call is free or nobody was called. */
  readonly cost: string | null;
  /** Time from body to decision, in µs. */
  readonly micros: number;
  readonly warning: string | null;
  /** Hash of the router that decided. */
  readonly policy: string;
  readonly body: string;
}

/** A request as a client sends it. */
export interface Question {
  readonly path: '/v1/chat/completions' | '/v1/embeddings' | '/v1/messages';
  readonly body: { readonly model: string; readonly [key: string]: unknown };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Longest wait for an answer, in ms. */
const PATIENCE = 60_000;

/** Sends a request and reads the decision off the answer. Rejects where the gateway cannot be reached. */
export async function ask(url: string, { path, body, headers }: Question): Promise<Decision> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await answer.text();
  const read = (name: string): string => answer.headers.get(`x-nexus-${name}`) ?? 'missing';
  return {
    status: answer.status,
    backend: read('backend'),
    model: (answer.ok ? /"model":"([^"]+)"/ : /"code":"([^"]+)"/).exec(text)?.[1] ?? '',
    reason: read('route-reason'),
    zone: read('privacy-zone'),
    cost: answer.headers.get('x-nexus-cost-estimated'),
    micros: Number(read('decision-time')),
    warning: answer.headers.get('x-nexus-warning'),
    policy: read('policy'),
    body: text,
  };
}
