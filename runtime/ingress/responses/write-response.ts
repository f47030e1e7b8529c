import type { FinishReason } from '../../backends/translate/finish-reason.ts';
import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { Usage } from '../../../schema/usage.ts';
import type { IngressRequest } from '../ingress.ts';
import type { ChatHead } from '../read-completion.ts';

type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

const INCOMPLETE: Readonly<Record<FinishReason, string | null>> = {
  stop: null,
  length: 'max_output_tokens',
  tool_calls: null,
  content_filter: 'content_filter',
};

/** A response object, without what changes while it is made. */
export interface ResponseState {
  readonly status: Status;
  readonly reason: string | null;
  readonly error: JsonObject | null;
  readonly output: readonly JsonObject[];
  readonly usage: Usage | null;
}

export const IN_PROGRESS: ResponseState = { status: 'in_progress', reason: null, error: null, output: [], usage: null };

/** How a response ends: complete, or not and why. */
export function endOf(finish: FinishReason): Pick<ResponseState, 'status' | 'reason'> {
  const reason = INCOMPLETE[finish];
  return { status: reason === null ? 'completed' : 'incomplete', reason };
}

/** Source: https://platform.openai.com/docs/api-reference/responses/object */
export function writeResponse(head: ChatHead, request: IngressRequest, state: ResponseState): JsonObject {
  const { status, reason, error, output, usage } = state;
  return {
    id: `resp_${head.stem}`,
    object: 'response',
    created_at: head.created,
    status,
    error,
    incomplete_details: reason === null ? null : { reason },
    model: head.model || request.model,
    output,
    usage: usage === null ? null : writeUsage(usage),
    ...(request.echo.response as JsonObject),
  };
}

function writeUsage({ input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning }: Usage): JsonObject {
  const written = cacheWrite5m + cacheWrite1h;
  const prompt = input + cacheRead + written;
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: written },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + output,
  };
}
