import { expectShape } from '../shapes/expect-shape.ts';
import { type Caller, expectText, readData, silence } from './caller.ts';

interface Piece {
  readonly index: number;
  readonly function: { readonly name?: string; readonly arguments?: string };
}

/** https://platform.openai.com/docs/api-reference/chat */
export const chatCaller: Caller = {
  path: '/v1/chat/completions',
  ask: (model, prompt, stream) => ({ model, stream, messages: [{ role: 'user', content: prompt }] }),
  hearWhole(text, isStrict) {
    const answer = JSON.parse(text);
    if (isStrict) expectShape('completion', answer);
    const { content, reasoning_content, tool_calls = [] } = answer.choices[0].message;
    return {
      ...silence(),
      text: content ?? '',
      thought: reasoning_content ?? '',
      calls: tool_calls.map((call: Piece) => ({ name: call.function.name, arguments: JSON.parse(call.function.arguments!) })),
      terminals: 1,
      model: answer.model,
    };
  },
  hearStream(text, isStrict) {
    const heard = silence();
    const calls: { name: string; text: string }[] = [];
    for (const data of readData(text)) {
      if (data === '[DONE]') {
        heard.terminals++;
        continue;
      }
      const chunk = JSON.parse(data);
      if (chunk.error !== undefined) {
        heard.terminals++;
        heard.error = expectText(chunk.error.message);
        continue;
      }
      if (isStrict) expectShape('chunk', chunk);
      heard.model = chunk.model ?? heard.model;
      const delta = chunk.choices?.[0]?.delta;
      heard.text += delta?.content ?? '';
      heard.thought += delta?.reasoning_content ?? '';
      for (const piece of (delta?.tool_calls ?? []) as Piece[]) {
        calls[piece.index] ??= { name: piece.function.name!, text: '' };
        calls[piece.index].text += piece.function.arguments ?? '';
      }
    }
    if (heard.error === null) heard.calls.push(...calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.text) })));
    return heard;
  },
  hearError(text) {
    const { error } = JSON.parse(text);
    expectText(error.type);
    return expectText(error.message);
  },
};
