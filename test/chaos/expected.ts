import type { Meaning } from '../upstreams/voices/voice.ts';

/** What every server says to a prompt, each in its own API: what a caller must hear, or a beginning of it and an error. */
export function meaningOf(prompt: string): Meaning {
  const words = Array.from({ length: 3 + (prompt.length % 7) }, (_, at) => `${prompt} «${at}» 🌞`);
  const calls = prompt.length % 3 === 0 ? [{ name: 'tick', arguments: JSON.stringify({ of: prompt, done: true }) }] : undefined;
  return { text: words.join(' '), ...(calls === undefined ? {} : { calls }) };
}

/** The prompt in a call to a server, whatever its API. */
export function findPrompt(body: string): string {
  return /p\d+x*/.exec(body)![0];
}
