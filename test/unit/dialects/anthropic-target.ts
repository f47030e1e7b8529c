import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import type { MessagesRequest } from '../../../runtime/backends/anthropic/wire.ts';
import type { Asked, ChatBody } from '../../../runtime/backends/translate/translator.ts';
import type { TargetConfig } from '../../../schema/manifest.ts';

export const ASKED: Asked = { model: 'smart', id: 'chatcmpl-test', created: 1_700_000_000, includeUsage: false };

export function targetOf(upstream: string): TargetConfig {
  return {
    backend: 0,
    model: 'smart',
    upstream,
    tier: 5,
    quality: 900_000,
    context: 200_000,
    capabilities: ['chat', 'tools', 'json', 'vision'],
    price: { input: 3_000_000, output: 15_000_000, cachedInput: null, source: 'policy' },
    encoding: 'o200k_base',
  };
}

export interface Written {
  readonly body: MessagesRequest;
  readonly warnings: readonly string[];
}

/** What goes over the wire for a request, read back. */
export function writeTo(model: string, body: Record<string, unknown>, cap: number | null = null): Written {
  const call = anthropicTranslator.write(
    { model: 'smart', messages: [{ role: 'user', content: 'hi' }], ...body } as ChatBody,
    targetOf(model),
    cap,
  );
  return { body: JSON.parse(call.body.toString()), warnings: call.warnings };
}
