import type { JsonObject } from '../translate/json-object.ts';

/** Source of these shapes: https://docs.ollama.com/api/chat, and `api/types.go` of https://github.com/ollama/ollama */
export interface OllamaToolCall {
  readonly id?: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: unknown };
}

export interface OllamaMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly thinking?: string;
  /** Base64, without a type. */
  readonly images?: readonly string[];
  readonly tool_calls?: readonly OllamaToolCall[];
  readonly tool_name?: string;
  readonly tool_call_id?: string;
}

export interface OllamaTool {
  readonly type: 'function';
  readonly function: { readonly name: string; readonly description?: string; readonly parameters: JsonObject };
}

export interface OllamaChatRequest {
  readonly model: string;
  readonly messages: readonly OllamaMessage[];
  /** Streams unless told otherwise. */
  readonly stream: boolean;
  readonly tools?: readonly OllamaTool[];
  readonly format?: 'json' | JsonObject;
  readonly think?: boolean | 'low' | 'medium' | 'high';
  readonly keep_alive?: string | number;
  readonly options?: JsonObject;
  /** A prompt that is too long is an error, and not cut in silence. */
  readonly truncate: false;
  /** So is an answer for which no room is left. */
  readonly shift: false;
}
