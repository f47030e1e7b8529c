import { expectShape } from '../shapes/expect-shape.ts';
import { type Caller, expectText, silence } from './caller.ts';

/** https://docs.ollama.com/api/chat */
export const ollamaCaller: Caller = {
  path: '/api/chat',
  ask: (model, prompt, stream) => ({ model, stream, messages: [{ role: 'user', content: prompt }] }),
  hearWhole(text, isStrict) {
    const answer = JSON.parse(text);
    if (isStrict) expectShape('ollamaChat', answer);
    const { content, thinking = '', tool_calls = [] } = answer.message;
    const calls = tool_calls.map((call: { function: object }) => call.function);
    return {
      ...silence(),
      text: content,
      thought: thinking,
      calls: calls.map((call: { name: string; arguments: unknown }) => ({ name: call.name, arguments: call.arguments })),
      terminals: 1,
      model: answer.model,
    };
  },
  hearStream(text, isStrict) {
    const heard = silence();
    // Its Python client reads every line: a blank one is an error.
    const lines = text.split('\n');
    lines.pop();
    lines.forEach((line, at) => {
      let part: ReturnType<typeof JSON.parse>;
      try {
        part = JSON.parse(line);
      } catch (error) {
        // A line that broke off is followed by the error that says so.
        if (line !== '' && at === lines.length - 2 && lines[at + 1].startsWith('{"error"')) return;
        throw error;
      }
      if (part.error !== undefined) {
        heard.terminals++;
        heard.error = expectText(part.error);
        return;
      }
      if (isStrict) expectShape('ollamaChat', part);
      heard.text += part.message?.content ?? '';
      heard.thought += part.message?.thinking ?? '';
      for (const call of part.message?.tool_calls ?? []) heard.calls.push({ name: call.function.name, arguments: call.function.arguments });
      heard.model = part.model;
      if (part.done) heard.terminals++;
    });
    return heard;
  },
  hearError: (text) => expectText(JSON.parse(text).error),
};
