import type { PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, type Capability, type Endpoint } from '../../../schema/vocabulary.ts';
import type { Question } from '../../interpret/interpret.ts';
import type { PolicyTest } from '../policy-test.ts';

/** A request as far as a policy can tell requests apart, without its tokens. */
export interface Ask {
  readonly model: string;
  readonly endpoint: Endpoint;
  /** Row of a caller. */
  readonly caller: number;
  /** Hints; null = none. */
  readonly category: string | null;
  readonly class: string | null;
  readonly flexible: boolean;
  /** Capabilities beside the endpoint's own. */
  readonly required: readonly Capability[];
  readonly text: string;
  readonly tools: number;
  /** How many answers are asked for; absent: one. */
  readonly answers?: number;
}

/** What a router is asked. */
export function questionOf(ask: Ask, tokens: number): Question {
  const { endpoint, model, text, tools, caller, flexible } = ask;
  const needed = [endpoint, ...ask.required].map((capability) => 1 << CAPABILITIES.indexOf(capability));
  return {
    body: {
      endpoint,
      model,
      maxOutputTokens: null,
      answers: ask.answers ?? 1,
      tools,
      required: needed.reduce((set, bit) => set | bit, 0),
      text: () => text,
    },
    hints: { strict: false, flexible, category: ask.category, class: ask.class },
    caller,
    tokens,
  };
}

/** The same as a test writes it: a body, headers, a key, tokens. */
export function writeAsk(set: PolicySet, ask: Ask, tokens: number): Omit<PolicyTest, 'name' | 'expect'> {
  const { implicit, name: key } = set.callers[ask.caller];
  const headers: Record<string, string> = {};
  if (ask.flexible) headers['X-Nexus-Flexible'] = 'true';
  if (ask.category !== null) headers['X-Nexus-Category'] = ask.category;
  if (ask.class !== null) headers['X-Nexus-Class'] = ask.class;
  return {
    request: ask.endpoint === 'embeddings' ? { model: ask.model, input: ask.text || 'hi' } : writeChat(ask),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(implicit ? {} : { key }),
    tokens,
  };
}

const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,' } };

function writeChat({ model, text, required, tools, answers = 1 }: Ask): PolicyTest['request'] {
  const content = required.includes('vision') ? [{ type: 'text', text: text || 'What is this?' }, IMAGE] : text || 'hi';
  const names = Array.from({ length: tools }, (_, i) => ({ type: 'function', function: { name: `tool_${i + 1}` } }));
  return {
    model,
    messages: [{ role: 'user', content }],
    ...(required.includes('json') ? { response_format: { type: 'json_object' } } : {}),
    ...(required.includes('reasoning') ? { reasoning_effort: 'low' } : {}),
    ...(tools > 0 ? { tools: names } : {}),
    ...(answers > 1 ? { n: answers } : {}),
  };
}
