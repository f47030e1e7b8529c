import { chatCaller } from './chat.ts';
import { messagesCaller } from './messages.ts';
import { ollamaCaller } from './ollama.ts';
import { responsesCaller } from './responses.ts';

export const CALLERS = { chat: chatCaller, responses: responsesCaller, messages: messagesCaller, ollama: ollamaCaller } as const;
export type CallerName = keyof typeof CALLERS;
export const CALLER_NAMES = Object.keys(CALLERS) as CallerName[];
