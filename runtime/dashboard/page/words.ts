import type { VNode } from 'preact';
import { html } from 'htm/preact';

/** A message of the server: what stands between backticks is a name or code, and is shown as such. */
export function Words({ text }: { readonly text: string }): VNode {
  const parts = text.split('`');
  // An odd number of backticks: the last one is none of a pair.
  const isPaired = parts.length % 2 === 1;
  if (!isPaired) return html`${text}` as VNode;
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code key=${at}>${part}</code>` : part))}` as VNode;
}
