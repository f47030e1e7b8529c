import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody } from '../translate/translator.ts';
import { fitSchema } from './fit-schema.ts';
import { JSON_TOOL } from './json-tool.ts';
import type { ModelTraits } from './model-traits.ts';
import type { Tool, ToolChoice } from './wire.ts';

export interface Tools {
  readonly tools?: readonly Tool[];
  readonly tool_choice?: ToolChoice;
}

/**
 * The tools and how they may be called, with the one whose input is the answer where there is one.
 * Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
 *
 * @param called names of the tools that the conversation called: where none is declared any more, the API wants them all the same.
 */
export function writeTools(
  body: ChatBody,
  jsonTool: Tool | undefined,
  called: ReadonlySet<string>,
  traits: ModelTraits,
  notes: RequestNotes,
): Tools {
  const list = body.tools ?? [];
  if (!Array.isArray(list)) {
    notes.refuse('tools', '`tools` is no list');
    return {};
  }
  const declared = list.map((tool, at) => writeTool(tool, `tools[${at}]`, traits, notes));
  if (declared.length === 0) return writeUndeclared(body, jsonTool, called, notes);
  const { tools, choice } = choose(declared, body.tool_choice, notes);
  // A caller's forced tool comes first: its call is the whole answer, in its own form.
  if (jsonTool !== undefined && choice.type !== 'tool') {
    return choice.type === 'none'
      ? { tools: [...tools, jsonTool], tool_choice: { type: 'tool', name: JSON_TOOL } }
      : { tools: [...tools, jsonTool], tool_choice: withParallel({ type: 'any' }, body) };
  }
  if (!traits.takesForcedTool && (choice.type === 'any' || choice.type === 'tool')) {
    notes.warn('tool-choice-not-forced');
    return { tools, tool_choice: withParallel({ type: 'auto' }, body) };
  }
  const isAsked = body.tool_choice !== undefined && body.tool_choice !== null;
  return isAsked || body.parallel_tool_calls === false ? { tools, tool_choice: withParallel(choice, body) } : { tools };
}

function writeUndeclared(body: ChatBody, jsonTool: Tool | undefined, called: ReadonlySet<string>, notes: RequestNotes): Tools {
  const choice = body.tool_choice;
  if (choice !== undefined && choice !== null && choice !== 'none' && choice !== 'auto') {
    notes.refuse('tool_choice', '`tool_choice` names a tool where there are no `tools`; help: declare them');
  }
  const before = [...called].filter((name) => name !== JSON_TOOL).map((name): Tool => ({ name, input_schema: { type: 'object' } }));
  if (jsonTool !== undefined) return { tools: [...before, jsonTool], tool_choice: { type: 'tool', name: JSON_TOOL } };
  return before.length === 0 ? {} : { tools: before, tool_choice: { type: 'none' } };
}

function writeTool(tool: unknown, place: string, traits: ModelTraits, notes: RequestNotes): Tool {
  const declared = isJsonObject(tool) && (tool.type === undefined || tool.type === 'function') ? tool.function : undefined;
  if (!isJsonObject(declared) || typeof declared.name !== 'string') {
    notes.refuse('tools', `\`${place}\` is no function with a name; help: claude models call functions alone`);
    return { name: '', input_schema: {} };
  }
  const { name, description, parameters } = declared;
  if (name === JSON_TOOL)
    notes.refuse('tools', `\`${place}.function.name\` is \`${JSON_TOOL}\`, which stands for something else here; help: rename it`);
  if (parameters !== undefined && parameters !== null && !isJsonObject(parameters)) {
    notes.refuse('tools', `\`${place}.function.parameters\` is no JSON Schema`);
  }
  const schema = isJsonObject(parameters) ? parameters : {};
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...writeInput(schema, declared.strict === true, traits, notes),
  };
}

/** The schema whole. A strict one is enforced where the API can enforce all of it. */
function writeInput(
  schema: JsonObject,
  isStrict: boolean,
  traits: ModelTraits,
  notes: RequestNotes,
): Pick<Tool, 'input_schema' | 'strict'> {
  const whole = schema.type === undefined ? { type: 'object', ...schema } : schema;
  if (!isStrict) return { input_schema: whole };
  const fitted = traits.hasStructuredOutput ? fitSchema(whole) : null;
  if (fitted !== null && fitted.loosened.size === 0 && !fitted.isClosed) return { input_schema: fitted.schema, strict: true };
  notes.warn('tools-strict-ignored');
  return { input_schema: whole };
}

function choose(
  tools: readonly Tool[],
  asked: unknown,
  notes: RequestNotes,
): { readonly tools: readonly Tool[]; readonly choice: ToolChoice } {
  if (asked === undefined || asked === null || asked === 'auto') return { tools, choice: { type: 'auto' } };
  if (asked === 'none') return { tools, choice: { type: 'none' } };
  if (asked === 'required') return { tools, choice: { type: 'any' } };
  const named = isJsonObject(asked) ? nameOf(asked) : undefined;
  if (named !== undefined) {
    if (!tools.some((tool) => tool.name === named))
      notes.refuse('tool_choice', `\`tool_choice\` names \`${named.slice(0, 64)}\`, which is none of the \`tools\``);
    return { tools, choice: { type: 'tool', name: named } };
  }
  const allowed = isJsonObject(asked) && asked.type === 'allowed_tools' && isJsonObject(asked.allowed_tools) ? asked.allowed_tools : null;
  if (allowed !== null && Array.isArray(allowed.tools)) {
    const names = new Set(allowed.tools.map((tool) => (isJsonObject(tool) ? nameOf(tool) : undefined)));
    const left = tools.filter((tool) => names.has(tool.name));
    if (left.length === 0) notes.refuse('tool_choice', '`tool_choice.allowed_tools` allows none of the `tools`');
    return { tools: left, choice: { type: allowed.mode === 'required' ? 'any' : 'auto' } };
  }
  notes.refuse('tool_choice', '`tool_choice` is of no known form; help: use `auto`, `none`, `required`, or name a function');
  return { tools, choice: { type: 'auto' } };
}

function nameOf(choice: JsonObject): string | undefined {
  const { function: called } = choice;
  return choice.type === 'function' && isJsonObject(called) && typeof called.name === 'string' ? called.name : undefined;
}

function withParallel(choice: ToolChoice, body: ChatBody): ToolChoice {
  return body.parallel_tool_calls === false && choice.type !== 'none' ? { ...choice, disable_parallel_tool_use: true } : choice;
}
