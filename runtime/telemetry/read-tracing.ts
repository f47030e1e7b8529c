import { Failure } from '../failure.ts';

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Where traces go, and which. */
export interface Tracing {
  readonly url: string;
  /** Secrets may be among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Of the samplers that take a part of the traces, 0 to 1. */
  readonly ratio: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What `--otel-endpoint` and OpenTelemetry's own variables say; null where none names an endpoint, or one of them switches it off.
 * Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and /specs/otel/protocol/exporter/
 *
 * @throws Failure `[config]` with every problem at once.
 */
export function readTracing(endpoint: string | null, env: Environment): Tracing | null {
  const exact = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || null;
  const base = endpoint ?? (exact === null ? env.OTEL_EXPORTER_OTLP_ENDPOINT || null : null);
  if ((base === null && exact === null) || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none')
    return null;
  const problems: string[] = [];
  const written = base ?? exact!;
  const name = endpoint !== null ? '--otel-endpoint' : `OTEL_EXPORTER_OTLP_${exact === null ? '' : 'TRACES_'}ENDPOINT`;
  const isUrl = URL.canParse(written) && /^https?:$/.test(new URL(written).protocol);
  if (!isUrl) problems.push(`\`${name}\` must be a url of http or https, not \`${written}\``);
  const sampler = env.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  if (!(SAMPLERS as readonly string[]).includes(sampler)) problems.push(`\`OTEL_TRACES_SAMPLER\` is none of ${SAMPLERS.join(', ')}`);
  const argument = env.OTEL_TRACES_SAMPLER_ARG || '1';
  const ratio = /^\d*\.?\d+$/.test(argument) ? Number(argument) : Number.NaN;
  if (!(ratio >= 0 && ratio <= 1)) problems.push('`OTEL_TRACES_SAMPLER_ARG` must be a share from 0 to 1');
  const headers = {
    ...readHeaders(env, 'OTEL_EXPORTER_OTLP_HEADERS', problems),
    ...readHeaders(env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS', problems),
  };
  if (problems.length > 0) throw new Failure('config', problems, 'docs/observability.md describes what traces need');
  return { url: base === null ? written : appendPath(written), headers, sampler: sampler as SamplerName, ratio };
}

function appendPath(base: string): string {
  const url = new URL(base);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

/** `name=value,name=value`, percent-encoded. The value is never repeated: it may be a secret. */
function readHeaders(env: Environment, name: string, problems: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of (env[name] ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, at)).trim();
    try {
      const value = decodeURIComponent(pair.slice(at + 1).trim());
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key) || /[^\t\x20-\x7e]/.test(value)) throw new Error('no header');
      headers[key] = value;
    } catch {
      problems.push(`\`${name}\` must be \`name=value\` pairs with commas between them, percent-encoded`);
      return {};
    }
  }
  return headers;
}
