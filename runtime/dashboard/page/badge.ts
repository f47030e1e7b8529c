import type { VNode } from 'preact';
import { html } from 'htm/preact';

export type Tone = 'good' | 'busy' | 'bad' | 'plain';

/** A state in one word; its colour says nothing that the word does not. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }): VNode {
  return html`<span class=${`badge ${tone}`}>${children}</span>` as VNode;
}
