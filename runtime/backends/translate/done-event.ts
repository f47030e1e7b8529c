/** The last event of a stream in OpenAI's dialect. */
export const DONE_EVENT = 'data: [DONE]\n\n';
