/** The events that every server gives for a prompt: what a caller must see, byte for byte, or a beginning of it and an error. */
export function expectEvents(prompt: string): string[] {
  const words = 3 + (prompt.length % 7);
  const wrap = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: `chatcmpl-${prompt}`, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const events = [wrap({ role: 'assistant', content: '' }, null)];
  for (let at = 0; at < words; at++) events.push(wrap({ content: ` ${prompt} «${at}»` }, null));
  return [...events, wrap({}, 'stop'), 'data: [DONE]\n\n'];
}

/** The same for an answer in one piece. */
export function expectPlain(prompt: string): string {
  const message = { role: 'assistant', content: `«${prompt}»`.repeat(20) };
  return JSON.stringify({ id: `chatcmpl-${prompt}`, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] });
}
