import { expectShape } from '../shapes/expect-shape.ts';
import { type Caller, expectText, readData, silence } from './caller.ts';

/** https://platform.claude.com/docs/en/api/messages */
export const messagesCaller: Caller = {
  path: '/v1/messages',
  ask: (model, prompt, stream) => ({ model, stream, max_tokens: 1_000, messages: [{ role: 'user', content: prompt }] }),
  hearWhole(text, isStrict) {
    const message = JSON.parse(text);
    if (isStrict) expectShape('message', message);
    const heard = silence();
    for (const block of message.content) {
      if (block.type === 'text') heard.text += block.text;
      if (block.type === 'thinking') heard.thought += block.thinking;
      if (block.type === 'tool_use') heard.calls.push({ name: block.name, arguments: block.input });
    }
    return { ...heard, terminals: 1, model: message.model };
  },
  hearStream(text, isStrict) {
    const heard = silence();
    const open = new Map<number, { name: string; text: string }>();
    for (const data of readData(text)) {
      const event = JSON.parse(data);
      if (isStrict) expectShape(event.type === 'error' ? 'messageError' : 'messageEvent', event);
      switch (event.type) {
        case 'message_start':
          heard.model = event.message.model;
          break;
        case 'content_block_start':
          if (event.content_block.type === 'tool_use') open.set(event.index, { name: event.content_block.name, text: '' });
          break;
        case 'content_block_delta':
          heard.text += event.delta.text ?? '';
          heard.thought += event.delta.thinking ?? '';
          if (event.delta.partial_json !== undefined) open.get(event.index)!.text += event.delta.partial_json;
          break;
        case 'content_block_stop': {
          const call = open.get(event.index);
          if (call !== undefined) heard.calls.push({ name: call.name, arguments: JSON.parse(call.text || '{}') });
          break;
        }
        case 'message_stop':
          heard.terminals++;
          break;
        case 'error':
          heard.terminals++;
          heard.error = expectText(event.error.message);
      }
    }
    return heard;
  },
  hearError(text) {
    const answer = JSON.parse(text);
    if (answer.type !== 'error') throw new Error(`no error of the Messages API: ${text.slice(0, 200)}`);
    expectText(answer.error.type);
    return expectText(answer.error.message);
  },
};
