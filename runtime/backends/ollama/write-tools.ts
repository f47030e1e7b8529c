import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import { fitSchema } from './fit-schema.ts';
import type { OllamaTool } from './wire.ts';

/**
 * The tools that the model may call. Ollama knows no `tool_choice`: what must not be called is not declared, and that something must be
 * called can't be said. Source: https://docs.ollama.com/capabilities/tool-calling
 */
export function writeTools(body: ChatBody, notes: RequestNotes): readonly OllamaTool[] {
  const list = body.tools ?? [];
  if (!Array.isArray(list)) {
    notes.refuse('tools', '`tools` must be a list');
    return [];
  }
  const lost = new Set<string>();
  const tools = list.map((tool, at) => writeTool(tool, at, lost, notes));
  if (lost.size > 0) notes.warn(`tools-schema-loosened=${[...lost].sort().join('+').toLowerCase()}`);
  if (tools.length > 0 && body.parallel_tool_calls === false) notes.warn('parallel-tool-calls-ignored');
  return choose(tools, body.tool_choice, notes);
}

function writeTool(tool: unknown, at: number, lost: Set<string>, notes: RequestNotes): OllamaTool {
  const declared = isJsonObject(tool) && (tool.type === undefined || tool.type === 'function') ? tool.function : undefined;
  if (!isJsonObject(declared) || typeof declared.name !== 'string') {
    notes.refuse('tools', `\`tools[${at}]\` is no function with a name; help: ollama's models call functions alone`);
    return { type: 'function', function: { name: '', parameters: {} } };
  }
  const { name, description, parameters } = declared;
  if (parameters !== undefined && parameters !== null && !isJsonObject(parameters)) {
    notes.refuse('tools', `\`tools[${at}].function.parameters\` is no JSON Schema`);
  }
  if (declared.strict === true) notes.warn('tools-strict-ignored');
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters: fitSchema(isJsonObject(parameters) ? parameters : {}, lost),
    },
  };
}

function choose(tools: readonly OllamaTool[], choice: unknown, notes: RequestNotes): readonly OllamaTool[] {
  if (choice === undefined || choice === null || choice === 'auto') return tools;
  if (choice === 'none') return [];
  if (tools.length === 0) {
    notes.refuse('tool_choice', '`tool_choice` names a tool where there are no `tools`; help: declare them');
    return tools;
  }
  if (choice === 'required') {
    notes.warn('tool-choice-not-forced');
    return tools;
  }
  const named = isJsonObject(choice) ? nameOf(choice) : undefined;
  if (named !== undefined) {
    notes.warn('tool-choice-not-forced');
    return narrow(tools, new Set([named]), `\`tool_choice\` names \`${named.slice(0, 64)}\`, which is none of the \`tools\``, notes);
  }
  const allowed =
    isJsonObject(choice) && choice.type === 'allowed_tools' && isJsonObject(choice.allowed_tools) ? choice.allowed_tools : null;
  if (allowed !== null && Array.isArray(allowed.tools)) {
    if (allowed.mode === 'required') notes.warn('tool-choice-not-forced');
    const names = new Set(allowed.tools.map((tool) => (isJsonObject(tool) ? nameOf(tool) : undefined)));
    return narrow(tools, names, '`tool_choice.allowed_tools` allows none of the `tools`', notes);
  }
  notes.refuse('tool_choice', '`tool_choice` is of no known form; help: use `auto`, `none`, `required`, or name a function');
  return tools;
}

function narrow(
  tools: readonly OllamaTool[],
  names: ReadonlySet<string | undefined>,
  words: string,
  notes: RequestNotes,
): readonly OllamaTool[] {
  const left = tools.filter((tool) => names.has(tool.function.name));
  if (left.length === 0) notes.refuse('tool_choice', words);
  return left;
}

function nameOf(choice: JsonObject): string | undefined {
  const called = choice.function;
  return choice.type === 'function' && isJsonObject(called) && typeof called.name === 'string' ? called.name : undefined;
}
