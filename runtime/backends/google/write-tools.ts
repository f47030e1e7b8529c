import type { ChatBody } from '../translate/translator.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import { warnOfDropped } from './warn-of-dropped.ts';
import type { GenerateRequest } from './wire.ts';
import { writeSchema } from './write-schema.ts';

/**
 * Function declarations and how they may be called.
 * Source: https://ai.google.dev/api/caching#FunctionDeclaration, https://ai.google.dev/api/caching#FunctionCallingConfig
 */
export function writeTools(body: ChatBody, notes: RequestNotes): Pick<GenerateRequest, 'tools' | 'toolConfig'> {
  const { tools } = body;
  if (tools === undefined || tools === null) return {};
  if (!Array.isArray(tools)) {
    notes.refuse('tools', '`tools` must be a list');
    return {};
  }
  if (tools.length === 0) return {};
  const dropped = new Set<string>();
  const declarations = tools.map((tool, at) => writeDeclaration(tool, at, dropped, notes));
  warnOfDropped('tools', dropped, notes);
  if (body.parallel_tool_calls === false) notes.warn('parallel-tool-calls-ignored');
  const isStrict = tools.some((tool) => isJsonObject(tool) && isJsonObject(tool.function) && tool.function.strict === true);
  const functionCallingConfig = writeChoice(body.tool_choice, isStrict, notes);
  return {
    tools: [{ functionDeclarations: declarations }],
    ...(functionCallingConfig === undefined ? {} : { toolConfig: { functionCallingConfig } }),
  };
}

function writeDeclaration(tool: unknown, at: number, dropped: Set<string>, notes: RequestNotes): JsonObject {
  const declared = isJsonObject(tool) ? tool.function : undefined;
  if (!isJsonObject(declared) || typeof declared.name !== 'string') {
    notes.refuse('tools', `\`tools[${at}]\` is no function with a name; help: gemini models call functions only`);
    return {};
  }
  return {
    name: declared.name,
    ...(typeof declared.description === 'string' ? { description: declared.description } : {}),
    ...(takesNothing(declared.parameters) ? {} : { parametersJsonSchema: writeParameters(declared.parameters, dropped) }),
  };
}

/** Arguments are an object, even where the schema does not say so. */
function writeParameters(parameters: unknown, dropped: Set<string>): JsonObject {
  const schema = writeSchema(parameters, dropped);
  return schema.type === undefined && schema.$ref === undefined && schema.anyOf === undefined ? { type: 'object', ...schema } : schema;
}

/** An object without properties is refused by some models; a function without parameters is not. */
function takesNothing(parameters: unknown): boolean {
  if (!isJsonObject(parameters)) return true;
  const { type, properties, additionalProperties } = parameters;
  const isBare = Object.keys(parameters).every((name) => /^(type|properties|additionalProperties|required|\$schema)$/.test(name));
  return (
    isBare &&
    (type === undefined || type === 'object') &&
    !isJsonObject(additionalProperties) &&
    additionalProperties !== true &&
    (properties === undefined || (isJsonObject(properties) && Object.keys(properties).length === 0))
  );
}

/** A `strict` function asks that arguments keep to the schema: VALIDATED is AUTO with that promise, and ANY always gives it. */
function writeChoice(choice: unknown, isStrict: boolean, notes: RequestNotes): object | undefined {
  if (choice === undefined || choice === null || choice === 'auto') return isStrict ? { mode: 'VALIDATED' } : undefined;
  if (choice === 'none') return { mode: 'NONE' };
  if (choice === 'required') return { mode: 'ANY' };
  if (isJsonObject(choice)) {
    if (choice.type === 'function') {
      const name = readName(choice);
      if (name !== null) return { mode: 'ANY', allowedFunctionNames: [name] };
    }
    const allowed = choice.type === 'allowed_tools' ? choice.allowed_tools : undefined;
    if (isJsonObject(allowed) && Array.isArray(allowed.tools)) {
      const names = allowed.tools.map(readName);
      const mode = allowed.mode === 'required' ? 'ANY' : 'VALIDATED';
      if (names.length > 0 && names.every((name) => name !== null)) return { mode, allowedFunctionNames: names };
    }
  }
  notes.refuse('tool_choice', '`tool_choice` is none of `auto`, `none`, `required`, a function, or allowed functions');
  return undefined;
}

function readName(item: unknown): string | null {
  const named = isJsonObject(item) ? item.function : undefined;
  return isJsonObject(named) && typeof named.name === 'string' ? named.name : null;
}
