import type { Decision, Question } from './decision.ts';

/** A request, why it is sent, and what must come of it. */
export interface DemoRequest extends Question {
  readonly title: string;
  readonly expect: Partial<Decision>;
  /** Pieces that the answer's body must hold. */
  readonly holds?: string;
}

const LOCAL = { status: 200, backend: 'workstation', zone: 'restricted', cost: null } as const;
const CLOUD = { status: 200, backend: 'openai', zone: 'open' } as const;
const CLAUDE = { status: 200, backend: 'claude', model: 'claude-sonnet-4-5', zone: 'open' } as const;
const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

/** Weighed as NORMAL, whose cap on cost leaves room for the strongest model; a request weighed as FAST would not. */
const DESIGN = 'Design a sharding plan for a multi-tenant store';

/** A dozen kinds of requests against the shipped policy, while every backend with a known dialect is up. */
export const WHILE_UP: readonly DemoRequest[] = [
  {
    title: 'a typo fix',
    ...chat('auto', 'Rename variable x to y'),
    expect: { ...LOCAL, model: 'qwen2.5-coder', reason: 'capability-match' },
  },
  {
    title: 'the same, streamed',
    ...chat('auto', 'Rename variable x to y', { stream: true }),
    expect: { ...LOCAL, model: 'qwen2.5-coder' },
    holds: 'data: [DONE]',
  },
  {
    title: 'JSON mode',
    ...chat('auto', 'List three colours as JSON', { response_format: { type: 'json_object' } }),
    expect: { ...LOCAL, model: 'qwen2.5-coder' },
  },
  {
    title: 'a tool',
    ...chat('auto', 'How is the weather in Köln?', { tools: [weather] }),
    expect: { ...CLOUD, model: 'gpt-5-mini' },
    holds: '"tool_calls"',
  },
  {
    title: 'a hard design task',
    ...chat(
      'auto',
      'Design a complete microservices architecture for a multi-tenant SaaS platform with sharding, rate limiting, and failover',
    ),
    expect: { ...CLOUD, model: 'gpt-5' },
  },
  {
    title: 'an old name',
    ...chat('gpt-4', DESIGN),
    expect: { ...CLOUD, model: 'gpt-5' },
  },
  {
    title: 'code, from tier 3 up',
    ...chat('gpt-5-mini', 'Fix the test of the parser'),
    expect: { ...CLOUD, model: 'gpt-5-mini' },
  },
  {
    title: 'customer data',
    ...chat('support-chat', 'My order 4711 has not arrived'),
    expect: { ...LOCAL, model: 'qwen2.5-coder' },
  },
  {
    title: 'embeddings, at home',
    ...embed('nomic-embed-text', 'The house has six rooms'),
    expect: { ...LOCAL, model: 'nomic-embed-text' },
  },
  {
    title: 'embeddings, cloud',
    ...embed('text-embedding-3-small', 'The house has six rooms'),
    expect: { ...CLOUD, model: 'text-embedding-3-small' },
  },
  {
    title: 'too long for 32k',
    ...chat('qwen2.5-coder', 'a word '.repeat(40_000)),
    expect: { status: 400, backend: 'none', model: 'context_length_exceeded' },
  },
  {
    title: 'an unknown model',
    ...chat('gpt-2', 'hi'),
    expect: { status: 404, backend: 'none', model: 'model_not_found' },
  },
];

/** Callers of either API, at backends of either: the policy decides, and the answer is in the words of the question. */
export const IN_BOTH_APIS: readonly DemoRequest[] = [
  {
    title: 'OpenAI, at Anthropic',
    ...chat('claude-sonnet-4-5', DESIGN),
    expect: CLAUDE,
    holds: '"object":"chat.completion"',
  },
  {
    title: 'Anthropic, at home',
    ...message('auto', 'Rename variable x to y'),
    expect: { ...LOCAL, model: 'qwen2.5-coder' },
    holds: '"type":"message"',
  },
  {
    title: 'Anthropic, untouched',
    ...message('claude-sonnet-4-5', DESIGN),
    expect: CLAUDE,
    holds: '"stop_reason":"end_turn"',
  },
  {
    title: 'the same, streamed',
    ...message('claude-sonnet-4-5', DESIGN, { stream: true }),
    expect: CLAUDE,
    holds: 'event: message_stop',
  },
];

/** A caller that asks for the strongest model. */
export const STRONG: Question = chat('gpt-5', DESIGN);
/** The same, content with less. */
export const FLEXIBLE: Question = { ...STRONG, headers: { 'x-nexus-flexible': 'true' } };
/** A caller whose words must not leave the building. */
export const CUSTOMER: Question = chat('support-chat', 'My order 4711 has not arrived');

function chat(model: string, content: string, more: object = {}): Question {
  return { path: '/v1/chat/completions', body: { model, messages: [{ role: 'user', content }], ...more } };
}

function message(model: string, content: string, more: object = {}): Question {
  return { path: '/v1/messages', body: { model, max_tokens: 1_000, messages: [{ role: 'user', content }], ...more } };
}

function embed(model: string, input: string): Question {
  return { path: '/v1/embeddings', body: { model, input } };
}
