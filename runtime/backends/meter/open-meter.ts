import type { Usage } from '../../../schema/usage.ts';
import { readUsage as readMessagesUsage } from '../anthropic/read-usage.ts';
import type { JsonObject } from '../translate/json-object.ts';
import { EventMeter } from './event-meter.ts';
import { LineMeter } from './line-meter.ts';
import type { Meter } from './meter.ts';
import { readChatUsage } from './read-chat-usage.ts';
import { readResponsesUsage } from './read-responses-usage.ts';
import { WholeMeter } from './whole-meter.ts';
import type { Wire } from './wire.ts';

type Read = (usage: JsonObject, before: Usage | null) => Usage | null;

/** Some servers tell thoughts under two names at once. */
const CHAT_TEXTS = [['"content":'], ['"reasoning_content":', '"reasoning":'], ['"refusal":'], ['"arguments":']];

/** How usage is read, and the members of a stream whose strings are what is said; null: every answer is metered by its lines. */
const READERS: Readonly<Record<Wire, { readonly read: Read; readonly texts: readonly (readonly string[])[] } | null>> = {
  chat: { read: readChatUsage, texts: CHAT_TEXTS },
  embeddings: { read: readChatUsage, texts: [] },
  messages: { read: readMessagesUsage, texts: [['"text":'], ['"thinking":'], ['"partial_json":']] },
  // The events that end a part repeat its text under other names.
  responses: { read: readResponsesUsage, texts: [['"delta":']] },
  ollama: null,
};

/** @param isStream the answer's content type is `text/event-stream`. */
export function openMeter(wire: Wire, isStream: boolean): Meter {
  const reader = READERS[wire];
  if (reader === null) return new LineMeter();
  return isStream ? new EventMeter(reader.texts, reader.read) : new WholeMeter((usage) => reader.read(usage, null));
}
