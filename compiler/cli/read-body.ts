import { type RequestBody, TEXT_WINDOW } from '../../schema/request.ts';
import { CAPABILITIES, type Capability, type Endpoint } from '../../schema/vocabulary.ts';
import { UsageError } from './command.ts';

/** A request body as a router takes it, with what its tokens are counted from. */
export interface ReadBody {
  readonly body: RequestBody;
  /** Everything that the prompt is made of: roles, contents, names, tool definitions, each as one text. */
  readonly messages: readonly (readonly string[])[];
  readonly images: number;
}

/**
 * Reads the JSON of a chat or embeddings body, told apart by `input` where no endpoint is named. Throws `UsageError` that names what is
 * wrong with `what`.
 */
export function readBody(what: string, json: unknown, endpoint?: Endpoint): ReadBody {
  if (!isObject(json)) throw new UsageError(`\`${what}\` is not a JSON object`, 'write the body that a client would send');
  if (typeof json.model !== 'string') throw new UsageError(`\`${what}\` has no \`model\``, 'name the model as a client would');
  const isChat = endpoint === undefined ? json.input === undefined : endpoint === 'chat';
  return isChat ? readChat(what, json) : readEmbeddings(what, json);
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value);
const bit = (capability: Capability): number => 1 << CAPABILITIES.indexOf(capability);

function readChat(path: string, json: Json): ReadBody {
  const messages = json.messages;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new UsageError(`\`${path}\` has no \`messages\``, 'give a list of messages, or `input` for embeddings');
  }
  const parts = messages.map((message) => (isObject(message) ? partsOf(message) : { role: '', texts: [], images: 0 }));
  const tools = countOf(json.tools) + countOf(json.functions);
  const images = parts.reduce((sum, part) => sum + part.images, 0);
  const format = isObject(json.response_format) ? json.response_format.type : undefined;
  const effort = json.reasoning_effort;
  let required = bit('chat');
  if (tools > 0) required |= bit('tools');
  if (format === 'json_object' || format === 'json_schema') required |= bit('json');
  if (images > 0) required |= bit('vision');
  if (effort !== undefined && effort !== null && effort !== 'none') required |= bit('reasoning');
  const definitions = [json.tools, json.functions].filter((list) => countOf(list) > 0).map((list) => JSON.stringify(list));
  const user = parts.filter(({ role }) => role === 'user').flatMap(({ texts }) => texts);
  return {
    body: {
      endpoint: 'chat',
      model: json.model as string,
      maxOutputTokens: Math.max(numberOf(json.max_completion_tokens) ?? 0, numberOf(json.max_tokens) ?? 0) || null,
      answers: numberOf(json.n) ?? 1,
      tools,
      required,
      text: () => user.join('\n').slice(-TEXT_WINDOW),
    },
    messages: [...parts.map(({ role, texts }) => [role, ...texts]), ...(definitions.length > 0 ? [definitions] : [])],
    images,
  };
}

function readEmbeddings(path: string, json: Json): ReadBody {
  const inputs = typeof json.input === 'string' ? [json.input] : json.input;
  if (!Array.isArray(inputs))
    throw new UsageError(`\`input\` of \`${path}\` is neither text nor a list`, 'give a string or a list of strings');
  const texts = inputs.filter((input): input is string => typeof input === 'string');
  return {
    body: {
      endpoint: 'embeddings',
      model: json.model as string,
      maxOutputTokens: null,
      answers: 1,
      tools: 0,
      required: bit('embeddings'),
      text: () => texts.join('\n').slice(-TEXT_WINDOW),
    },
    messages: [texts],
    images: 0,
  };
}

function partsOf(message: Json): { role: string; texts: string[]; images: number } {
  const role = typeof message.role === 'string' ? message.role : '';
  if (typeof message.content === 'string') return { role, texts: [message.content], images: 0 };
  if (!Array.isArray(message.content)) return { role, texts: [], images: 0 };
  const parts = message.content.filter(isObject);
  return {
    role,
    texts: parts.filter(({ type, text }) => type === 'text' && typeof text === 'string').map(({ text }) => text as string),
    images: parts.filter(({ type }) => type === 'image_url' || type === 'input_image').length,
  };
}

const countOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
