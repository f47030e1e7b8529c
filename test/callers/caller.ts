/** What a caller makes of an answer in its own API. */
export interface Heard {
  readonly text: string;
  readonly thought: string;
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  /** Events that end a stream, errors among them; for a whole answer 1. */
  readonly terminals: number;
  /** Words of an error inside the stream; null = none. */
  readonly error: string | null;
  readonly model: string | null;
}

/** How one of the APIs that the gateway serves is spoken by its callers, read by hand: no client forgives for them. */
export interface Caller {
  readonly path: string;
  ask(model: string, prompt: string, stream: boolean): Record<string, unknown>;
  /** @throws Error for what its API does not know, where `isStrict` beyond what is published. */
  hearWhole(text: string, isStrict: boolean): Heard;
  hearStream(text: string, isStrict: boolean): Heard;
  /** The message of an error answer. */
  hearError(text: string): string;
}

type Mutable = { -readonly [Member in keyof Heard]: Heard[Member] };

export function silence(): Mutable & { calls: { name: string; arguments: unknown }[] } {
  return { text: '', thought: '', calls: [], terminals: 0, error: null, model: null };
}

/**
 * The data of a stream of server-sent events; one that did not end is none. What broke off in the middle of an event, whose bytes had gone
 * out by then, is passed over where it is the last before the error that says so.
 */
export function readData(text: string): readonly string[] {
  const blocks = text.split(/\r?\n\r?\n/);
  blocks.pop();
  const events = blocks.flatMap((block) => {
    const lines = block.split(/\r?\n/).filter((line) => line.startsWith('data:'));
    return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).trimStart()).join('\n')];
  });
  const broken = events.length - 2;
  return events.filter((data, at) => at !== broken || data === '[DONE]' || isJson(data) || !/"error"|\.failed"/.test(events[at + 1]));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error where it is no text. */
export function expectText(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error(`no text: ${JSON.stringify(value)}`);
  return value;
}
