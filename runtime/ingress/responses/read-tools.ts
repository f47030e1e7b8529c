import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';
import { ParameterReader } from '../parameter-reader.ts';

/** Functions and how they may be called. Built-in tools run at one provider. Source: https://platform.openai.com/docs/guides/function-calling */
export function readTools(body: JsonObject, notes: RequestNotes): JsonObject {
  const reader = new ParameterReader(body, notes);
  const tools = (reader.list('tools') ?? []).map((tool, at) => readTool(tool, `tools[${at}]`, notes));
  const parallel = reader.flag('parallel_tool_calls');
  const choice = readChoice(body.tool_choice, tools.length > 0, notes);
  return tools.length === 0
    ? {}
    : {
        tools,
        ...(choice === undefined ? {} : { tool_choice: choice }),
        ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
      };
}

function readTool(tool: unknown, place: string, notes: RequestNotes): JsonObject {
  if (!isJsonObject(tool) || tool.type !== 'function') {
    const word = isJsonObject(tool) && typeof tool.type === 'string' ? tool.type.slice(0, 40) : typeof tool;
    notes.refuse(
      place,
      `\`${place}\` is the built-in tool \`${word}\`, which only its provider can run; help: declare a function that does the same`,
    );
    return {};
  }
  const { name, description, parameters, strict } = tool;
  if (typeof name !== 'string' || name === '') notes.refuse(place, `\`${place}\` has no \`name\``);
  if (parameters !== undefined && parameters !== null && !isJsonObject(parameters))
    notes.refuse(place, `\`${place}.parameters\` is no JSON Schema`);
  if (tool.async === true) notes.refuse(place, `\`${place}.async\` can't be served here; help: leave it out`);
  if (tool.defer_loading === true) notes.warn('tools-defer-loading-ignored');
  if (Array.isArray(tool.allowed_callers) && tool.allowed_callers.some((caller) => caller !== 'direct'))
    notes.refuse(place, `\`${place}.allowed_callers\` names callers that only a provider has; help: leave it out`);
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      ...(isJsonObject(parameters) ? { parameters } : {}),
      ...(typeof strict === 'boolean' ? { strict } : {}),
    },
  };
}

function readChoice(choice: unknown, hasTools: boolean, notes: RequestNotes): unknown {
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none') return choice;
  if (!hasTools) notes.refuse('tool_choice', '`tool_choice` asks for a call where there are no `tools`; help: declare them');
  if (choice === 'required') return choice;
  if (isJsonObject(choice)) {
    if (choice.type === 'function' && typeof choice.name === 'string') return { type: 'function', function: { name: choice.name } };
    if (choice.type === 'allowed_tools' && Array.isArray(choice.tools) && choice.tools.every(isFunction)) {
      const tools = choice.tools.map((tool) => ({ type: 'function', function: { name: tool.name } }));
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode ?? 'auto', tools } };
    }
  }
  notes.refuse('tool_choice', '`tool_choice` is of no known form; help: use `auto`, `none`, `required`, or name functions');
  return undefined;
}

function isFunction(tool: unknown): tool is JsonObject {
  return isJsonObject(tool) && tool.type === 'function' && typeof tool.name === 'string';
}
