/**
 * Ids as Anthropic's own API takes them in `tool_use`; others were made elsewhere.
 * Source: https://platform.claude.com/docs/en/api/messages/create
 */
export const WIRE_ID = /^[a-zA-Z0-9_-]{1,64}$/;
