import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { formatSpan } from './format-span.ts';

/** How long ago something happened; the moment itself is what it is called by, for who points at it. `at` in ISO 8601. */
export function Ago({ at }: { readonly at: string }): VNode {
  const ms = Date.now() - Date.parse(at);
  return html`<time datetime=${at} title=${new Date(at).toLocaleString('en-GB')}>${ms < 1_000 ? 'now' : `${formatSpan(Math.floor(ms / 1e3) * 1e3)} ago`}</time>` as VNode;
}
