import type { TargetConfig } from '../../../schema/manifest.ts';
import { BadRequest } from '../../intent/bad-request.ts';
import { judgeParameters } from '../translate/judge-parameters.ts';
import { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody, DialectCall } from '../translate/translator.ts';
import { type ModelTraits, readModelTraits } from './model-traits.ts';
import { PARAMETERS } from './parameters.ts';
import { VERSION_HEADERS } from './version-headers.ts';
import type { MessagesRequest, TextBlock, Turn } from './wire.ts';
import { type Conversation, writeConversation } from './write-conversation.ts';
import { writeFormat } from './write-format.ts';
import { writeSampling } from './write-sampling.ts';
import { writeThinking } from './write-thinking.ts';
import { writeTools } from './write-tools.ts';

/**
 * An OpenAI chat request as a call of the Messages API.
 * Source: https://platform.claude.com/docs/en/api/messages
 *
 * @throws BadRequest for what the API can't be asked.
 */
export function writeRequest(body: ChatBody, target: TargetConfig, cap: number | null): DialectCall {
  const notes = new RequestNotes();
  try {
    const request = write(body, target.upstream, cap, notes);
    const warnings = notes.close();
    return { path: '/v1/messages', headers: VERSION_HEADERS, body: Buffer.from(JSON.stringify(request)), warnings };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BadRequest('the request nests too deeply; help: flatten its schemas', null, null);
  }
}

function write(body: ChatBody, model: string, cap: number | null, notes: RequestNotes): MessagesRequest {
  judgeParameters(body, PARAMETERS, 'claude', notes);
  const traits = readModelTraits(model);
  const maxTokens = cap ?? readCap(body.max_completion_tokens) ?? readCap(body.max_tokens) ?? traits.maxOutput;
  const { format, tool, instruction } = writeFormat(body, traits, notes);
  const conversation = writeConversation(body.messages, notes);
  const tools = writeTools(body, tool, conversation.called, traits, notes);
  const { thinking, effort } = writeThinking(body, traits, maxTokens, tools.tool_choice, conversation.turns, notes);
  const isThinking = thinking?.type === 'enabled' || thinking?.type === 'adaptive';
  return {
    model,
    max_tokens: maxTokens,
    ...writeSystem(conversation, instruction),
    messages: writeTurns(conversation.turns, traits, isThinking, notes),
    ...tools,
    ...(thinking === undefined ? {} : { thinking }),
    ...(effort === undefined && format === undefined ? {} : { output_config: { effort, format } }),
    ...writeSampling(body, traits, isThinking, notes),
    ...writeStop(body, notes),
    ...writeUser(body, notes),
    ...writeTier(body, notes),
    ...(body.stream === true ? { stream: true } : {}),
  };
}

function readCap(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function writeSystem({ system }: Conversation, instruction: string | undefined): Pick<MessagesRequest, 'system'> {
  const blocks: readonly TextBlock[] = instruction === undefined ? system : [...system, { type: 'text', text: instruction }];
  if (blocks.length === 0) return {};
  // One text where nothing tells the pieces apart.
  return { system: blocks.some((block) => block.cache_control !== undefined) ? blocks : blocks.map((block) => block.text).join('\n\n') };
}

/** The turns, without thoughts that the model would not know what to do with, and with a user's word at the end where it has to be. */
function writeTurns(turns: readonly Turn[], traits: ModelTraits, isThinking: boolean, notes: RequestNotes): readonly Turn[] {
  const keepsThoughts = isThinking || traits.thinking === 'adaptive';
  const kept = keepsThoughts
    ? turns
    : turns.map((turn) => ({
        ...turn,
        content: turn.content.filter((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking'),
      }));
  const last = kept.at(-1);
  if (last?.role !== 'assistant') return kept;
  if (!traits.takesPrefill || isThinking) {
    notes.warn('user-turn-added');
    return [...kept, { role: 'user', content: [{ type: 'text', text: 'Continue.' }] }];
  }
  notes.warn('assistant-turn-continued');
  // Blanks at the end are refused.
  const end = last.content.at(-1);
  const content = end?.type === 'text' ? [...last.content.slice(0, -1), { ...end, text: end.text.trimEnd() }] : last.content;
  return [...kept.slice(0, -1), { role: 'assistant', content }];
}

function writeStop(body: ChatBody, notes: RequestNotes): Pick<MessagesRequest, 'stop_sequences'> {
  if (body.stop === undefined || body.stop === null) return {};
  const list: unknown = typeof body.stop === 'string' ? [body.stop] : body.stop;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    notes.refuse('stop', '`stop` is neither a string nor a list of strings');
    return {};
  }
  // Blanks alone are refused.
  const sequences = list.filter((item: string) => /\S/.test(item));
  if (sequences.length < list.length) notes.warn('stop-ignored=blank');
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

/** An opaque name of the end user. The API refuses what looks like a mail address or a telephone number, and so should we. */
function writeUser(body: ChatBody, notes: RequestNotes): Pick<MessagesRequest, 'metadata'> {
  const [name, id] = typeof body.safety_identifier === 'string' ? ['safety-identifier', body.safety_identifier] : ['user', body.user];
  if (typeof id !== 'string' || id === '') return {};
  if (id.length <= 256 && !/@|^\+?[\d\s().-]{7,}$/.test(id)) return { metadata: { user_id: id } };
  notes.warn(`${name}-ignored`);
  return {};
}

/** Source: https://platform.claude.com/docs/en/api/service-tiers */
function writeTier(body: ChatBody, notes: RequestNotes): Pick<MessagesRequest, 'service_tier'> {
  switch (body.service_tier) {
    case undefined:
    case null:
      return {};
    case 'auto':
    case 'priority':
      return { service_tier: 'auto' };
    case 'default':
      return { service_tier: 'standard_only' };
  }
  notes.warn('service-tier-ignored');
  return {};
}
