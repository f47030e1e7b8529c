import type { Block, MessagesRequest } from '../../runtime/backends/anthropic/wire.ts';

/** What the conversation means, whoever tells it: who said what, which calls there were, what came of them. */
export interface Meaning {
  readonly system: string;
  readonly turns: readonly { readonly role: string; readonly said: readonly unknown[] }[];
}

/** What the Messages API refuses, as its documentation and its error messages tell. @throws Error */
export function checkRequest(request: MessagesRequest): void {
  const { messages } = request;
  if (messages.length === 0 || messages[0].role !== 'user') throw new Error('the first message is not the user’s');
  const ids = new Set<string>();
  let open: string[] = [];
  for (const [at, { role, content }] of messages.entries()) {
    if (at > 0 && messages[at - 1].role === role) throw new Error('roles do not alternate');
    if (content.length === 0) throw new Error('a message is empty');
    const results = content.filter((block) => block.type === 'tool_result');
    if (content.slice(0, results.length).some((block) => block.type !== 'tool_result'))
      throw new Error('a result stands behind something else');
    if (
      results
        .map((block) => block.tool_use_id)
        .sort()
        .join() !== open.sort().join()
    )
      throw new Error('results and calls do not match');
    open = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    for (const id of open) {
      if (!/^[a-zA-Z0-9_-]+$/.test(id) || ids.has(id)) throw new Error(`the id ${id} is not taken`);
      ids.add(id);
    }
    for (const block of content) checkBlock(block, role);
  }
  if (open.length > 0) throw new Error('calls at the end have no results');
  const last = messages.at(-1)!;
  const end = last.content.at(-1)!;
  if (last.role === 'assistant' && end.type === 'text' && end.text !== end.text.trimEnd()) throw new Error('the last text ends in blanks');
  if (messages.some(({ content }) => content.some((block) => block.type === 'tool_use')) && !request.tools)
    throw new Error('tools are not declared');
}

function checkBlock(block: Block, role: string): void {
  if (block.type === 'text' && block.text.trim() === '') throw new Error('a text is blank');
  if (block.type === 'tool_use' && (role !== 'assistant' || typeof block.input !== 'object' || block.input === null))
    throw new Error('a call is wrong');
  if ((block.type === 'image' || block.type === 'document' || block.type === 'tool_result') && role !== 'user')
    throw new Error('media of the assistant');
}

/** What Claude is told. Ids are replaced by the numbers of the calls. */
export function meaningOfRequest(request: MessagesRequest): Meaning {
  const numbers = new Map<string, number>();
  return {
    system: typeof request.system === 'string' ? request.system : (request.system ?? []).map((block) => block.text).join('\n\n'),
    turns: request.messages.map(({ role, content }) => ({
      role,
      said: content.map((block) => {
        if (block.type === 'tool_use') numbers.set(block.id, numbers.size);
        if (block.type === 'tool_use') return ['call', numbers.get(block.id), block.name, block.input];
        if (block.type === 'tool_result') return ['result', numbers.get(block.tool_use_id), block.content ?? ''];
        if (block.type === 'text') return ['text', block.text];
        if (block.type === 'image')
          return ['image', block.source.type === 'url' ? block.source.url : `data:${block.source.media_type};base64,${block.source.data}`];
        return [block.type];
      }),
    })),
  };
}

/** A turn of a generated conversation. */
export type Step =
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'user'; readonly parts: readonly (readonly ['text' | 'image', string])[] }
  | {
      readonly kind: 'assistant';
      readonly text: string;
      readonly calls: readonly { readonly id: string; readonly name: string; readonly input: object; readonly result: string }[];
    };

/** The steps as OpenAI's messages. Results come in reverse: any order is allowed there. */
export function messagesOf(steps: readonly Step[]): object[] {
  return steps.flatMap((step): object[] => {
    if (step.kind === 'system') return [{ role: 'system', content: step.text }];
    if (step.kind === 'user') {
      return [
        {
          role: 'user',
          content: step.parts.map(([type, value]) =>
            type === 'text' ? { type, text: value } : { type: 'image_url', image_url: { url: value } },
          ),
        },
      ];
    }
    const tool_calls = step.calls.map(({ id, name, input }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input) },
    }));
    return [
      { role: 'assistant', content: step.text, ...(tool_calls.length > 0 ? { tool_calls } : {}) },
      ...step.calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })).reverse(),
    ];
  });
}

/** What the steps mean, told without looking at any wire. */
export function meaningOfSteps(steps: readonly Step[]): Meaning {
  const turns: { role: string; said: unknown[] }[] = [];
  const say = (role: string, said: readonly unknown[]): void => {
    if (turns.at(-1)?.role === role) turns.at(-1)!.said.push(...said);
    else if (said.length > 0) turns.push({ role, said: [...said] });
  };
  let number = 0;
  for (const step of steps) {
    if (step.kind === 'user')
      say(
        'user',
        step.parts.filter(([type, value]) => type === 'image' || value.trim() !== ''),
      );
    if (step.kind !== 'assistant') continue;
    const first = number;
    say('assistant', [
      ...(step.text.trim() === '' ? [] : [['text', step.text]]),
      ...step.calls.map(({ name, input }) => ['call', number++, name, input]),
    ]);
    say('user', step.calls.map(({ result }, at) => ['result', first + at, result.trim() === '' ? '' : result]).reverse());
  }
  const texts = steps.flatMap((step) => (step.kind === 'system' && step.text.trim() !== '' ? [step.text] : []));
  return { system: texts.join('\n\n'), turns };
}
