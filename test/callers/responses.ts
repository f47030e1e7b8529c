import { expectShape } from '../shapes/expect-shape.ts';
import { type Caller, expectText, type Heard, readData, silence } from './caller.ts';

const ENDS = ['response.completed', 'response.incomplete', 'response.failed', 'error'];

interface Item {
  readonly type: string;
  readonly name: string;
  readonly arguments: string;
  readonly content?: readonly { readonly text: string }[];
  readonly summary?: readonly { readonly text: string }[];
}

function hear(response: { readonly model: string; readonly output: readonly Item[] }): Heard {
  const of = (type: string): readonly Item[] => response.output.filter((item) => item.type === type);
  const say = (parts: Item['content']): string => (parts ?? []).map((part) => part.text).join('');
  return {
    ...silence(),
    text: of('message')
      .map((item) => say(item.content))
      .join(''),
    thought: of('reasoning')
      .map((item) => say(item.content) || say(item.summary))
      .join(''),
    calls: of('function_call').map((item) => ({ name: item.name, arguments: JSON.parse(item.arguments) })),
    terminals: 1,
    model: response.model,
  };
}

/** https://platform.openai.com/docs/api-reference/responses */
export const responsesCaller: Caller = {
  path: '/v1/responses',
  ask: (model, prompt, stream) => ({ model, stream, input: prompt, store: false }),
  hearWhole(text, isStrict) {
    const response = JSON.parse(text);
    if (isStrict) expectShape('response', response);
    return hear(response);
  },
  hearStream(text, isStrict) {
    let said = '';
    let whole: Heard | null = null;
    let error: string | null = null;
    let terminals = 0;
    for (const data of readData(text)) {
      const event = JSON.parse(data);
      if (isStrict) expectShape('responseEvent', event);
      if (event.type === 'response.output_text.delta') said += event.delta;
      if (!ENDS.includes(event.type)) continue;
      terminals++;
      if (event.type === 'error') error = expectText(event.message ?? event.error?.message);
      else if (event.type === 'response.failed') error = expectText(event.response.error.message);
      else whole = hear(event.response);
    }
    // The whole answer at the end says what its pieces said.
    if (whole !== null && whole.text !== said) throw new Error(`pieces say ${said}, the end ${whole.text}`);
    return { ...(whole ?? silence()), text: said, terminals, error };
  },
  hearError(text) {
    const { error } = JSON.parse(text);
    expectText(error.type);
    return expectText(error.message);
  },
};
