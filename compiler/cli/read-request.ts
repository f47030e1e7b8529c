import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type RequestBody, TEXT_WINDOW } from '../../schema/request.ts';
import { CAPABILITIES, type Capability } from '../../schema/vocabulary.ts';
import { type Io, UsageError } from './command.ts';

/** A request body read from a file, as a router takes it, with what its tokens are counted from. */
export interface ReadRequest {
  readonly body: RequestBody;
  /** Everything that the prompt is made of: roles, contents, names, tool definitions, each as one text. */
  readonly messages: readonly (readonly string[])[];
  readonly images: number;
  readonly bytes: number;
}

/** Reads the JSON of a chat or embeddings body; `-` is standard input. Throws `UsageError` that names what is wrong. */
export async function readRequest(path: string, io: Io): Promise<ReadRequest> {
  const text = await readText(path, io);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`\`${path}\` is not JSON: ${(cause as Error).message}`, 'write the body that a client would send');
  }
  if (!isObject(json)) throw new UsageError(`\`${path}\` is not a JSON object`, 'write the body that a client would send');
  if (typeof json.model !== 'string') throw new UsageError(`\`${path}\` has no \`model\``, 'name the model as a client would');
  return { ...(json.input === undefined ? readChat(path, json) : readEmbeddings(path, json)), bytes: Buffer.byteLength(text) };
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value);
const bit = (capability: Capability): number => 1 << CAPABILITIES.indexOf(capability);

function readChat(path: string, json: Json): Omit<ReadRequest, 'bytes'> {
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

function readEmbeddings(path: string, json: Json): Omit<ReadRequest, 'bytes'> {
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

async function readText(path: string, io: Io): Promise<string> {
  if (path === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  }
  return await readFile(resolve(io.cwd, path), 'utf8').catch(() => {
    throw new UsageError(`cannot read \`${path}\``, 'name a file with a request body as JSON, or `-` for standard input');
  });
}
