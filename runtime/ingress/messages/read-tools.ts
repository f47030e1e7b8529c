import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { isStrictSchema } from '../is-strict-schema.ts';
import { ParameterReader } from '../parameter-reader.ts';

/**
 * Tools and how they may be called. Those that a provider runs or whose shape it knows by heart have no counterpart.
 * Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
 */
export function readTools(body: JsonObject, notes: RequestNotes): JsonObject {
  const list = new ParameterReader(body, notes).list('tools') ?? [];
  const tools = list.map((tool, at) => readTool(tool, `tools[${at}]`, notes));
  const choice = readChoice(body.tool_choice, new Set(tools.map((tool) => tool.function.name)), notes);
  return tools.length === 0 ? {} : { tools, ...choice };
}

interface ChatTool {
  readonly type: 'function';
  readonly function: { readonly name: string };
}

function readTool(tool: unknown, place: string, notes: RequestNotes): ChatTool {
  const type = isJsonObject(tool) ? (tool.type ?? 'custom') : undefined;
  if (!isJsonObject(tool) || type !== 'custom') {
    const word = typeof type === 'string' ? type.slice(0, 40) : typeof type;
    notes.refuse(
      place,
      `\`${place}\` is of type \`${word}\`, which only its provider can serve; help: declare a tool of your own, with \`name\` and \`input_schema\``,
    );
    return { type: 'function', function: { name: '' } };
  }
  const { name, description, input_schema: schema } = tool;
  if (typeof name !== 'string' || name === '' || !isJsonObject(schema))
    notes.refuse(place, `\`${place}\` has no \`name\` or no \`input_schema\``);
  if (Array.isArray(tool.allowed_callers) && tool.allowed_callers.some((caller) => caller !== 'direct'))
    notes.refuse(place, `\`${place}.allowed_callers\` names callers that only a provider has; help: leave it out`);
  if (isJsonObject(tool.cache_control)) notes.warn('tools-cache-control-ignored');
  if (tool.defer_loading === true) notes.warn('tools-defer-loading-ignored');
  if (Array.isArray(tool.input_examples) && tool.input_examples.length > 0) notes.warn('tools-input-examples-ignored');
  return {
    type: 'function',
    function: {
      name: typeof name === 'string' ? name : '',
      ...(typeof description === 'string' ? { description } : {}),
      parameters: schema,
      ...readStrict(tool.strict === true, schema, notes),
    } as ChatTool['function'],
  };
}

function readStrict(isStrict: boolean, schema: unknown, notes: RequestNotes): { readonly strict?: true } {
  if (!isStrict) return {};
  if (isStrictSchema(schema)) return { strict: true };
  notes.warn('tools-strict-ignored');
  return {};
}

function readChoice(choice: unknown, names: ReadonlySet<string>, notes: RequestNotes): JsonObject {
  if (choice === undefined || choice === null) return {};
  if (!isJsonObject(choice)) {
    notes.refuse('tool_choice', '`tool_choice` is no object; help: use `{"type":"auto"}`');
    return {};
  }
  if (names.size === 0 && choice.type !== 'auto' && choice.type !== 'none')
    notes.refuse('tool_choice', '`tool_choice` asks for a call where there are no `tools`; help: declare them');
  const parallel = choice.disable_parallel_tool_use === true && choice.type !== 'none' ? { parallel_tool_calls: false } : {};
  switch (choice.type) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel };
    case 'any':
      return { tool_choice: 'required', ...parallel };
    case 'none':
      return { tool_choice: 'none' };
    case 'tool':
      if (typeof choice.name !== 'string' || (names.size > 0 && !names.has(choice.name)))
        notes.refuse('tool_choice', '`tool_choice.name` is none of the `tools`');
      return { tool_choice: { type: 'function', function: { name: choice.name } }, ...parallel };
  }
  notes.refuse('tool_choice', '`tool_choice.type` is of no known value; help: use `auto`, `any`, `tool` or `none`');
  return {};
}
