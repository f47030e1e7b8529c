import type { JsonObject } from '../../backends/translate/json-object.ts';

type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Items of an output; texts are strings or `rawText` of them. Source: https://platform.openai.com/docs/api-reference/responses/object#responses-object-output */
export function writeReasoning(id: string, summary: unknown, sealed: string | null, status: ItemStatus): JsonObject {
  return {
    id,
    type: 'reasoning',
    summary: summary === null ? [] : [{ type: 'summary_text', text: summary }],
    ...(sealed === null ? {} : { encrypted_content: sealed }),
    status,
  };
}

export function writeMessage(id: string, content: readonly JsonObject[], status: ItemStatus): JsonObject {
  return { id, type: 'message', role: 'assistant', status, content };
}

export function writeOutputText(text: unknown): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function writeRefusal(refusal: unknown): JsonObject {
  return { type: 'refusal', refusal };
}

export function writeCall(id: string, callId: string, name: string, text: unknown, status: ItemStatus): JsonObject {
  return { id, type: 'function_call', call_id: callId, name, arguments: text, status };
}
