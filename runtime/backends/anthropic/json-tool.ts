/**
 * The tool that a model without structured outputs is made to call: what it puts in is the answer. No tool of a caller may have its name.
 */
export const JSON_TOOL = 'json_tool_call';
