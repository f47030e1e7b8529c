/** Streams as the provider documents them: https://platform.claude.com/docs/en/build-with-claude/streaming */
export type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

export function startOf(usage: object = { input_tokens: 43, output_tokens: 1 }): Event {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
    model: 'claude-x',
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  return { type: 'message_start', message };
}

export function endOf(stop_reason: string | null, usage: object = { output_tokens: 15 }): readonly Event[] {
  return [{ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage }, { type: 'message_stop' }];
}

/** A block from its beginning to its end. */
export function blockOf(index: number, content_block: object, ...deltas: readonly object[]): readonly Event[] {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

export function textOf(index: number, ...texts: readonly string[]): readonly Event[] {
  return blockOf(index, { type: 'text', text: '' }, ...texts.map((text) => ({ type: 'text_delta', text })));
}

export function toolOf(index: number, id: string, name: string, ...pieces: readonly string[]): readonly Event[] {
  return blockOf(
    index,
    { type: 'tool_use', id, name, input: {} },
    ...pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  );
}

export function thoughtOf(index: number, signature: string, ...texts: readonly string[]): readonly Event[] {
  return blockOf(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...texts.map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature },
  );
}

export const PING: Event = { type: 'ping' };

/** The bytes of a stream, with the event's name beside its data as the provider sends it. */
export function bytesOf(events: readonly Event[], end = '\n'): Buffer {
  return Buffer.from(events.map((event) => `event: ${event.type}${end}data: ${JSON.stringify(event)}${end}${end}`).join(''));
}

/** The message that the same events make up, as an answer without a stream would hold it. */
export function messageOf(content: readonly object[], stop_reason: string, usage: object): Buffer {
  return Buffer.from(
    JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x',
      content,
      stop_reason,
      stop_sequence: null,
      usage,
    }),
  );
}
