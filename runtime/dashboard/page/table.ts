import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';

export interface TableProps {
  /** What the table is, for who does not see it. */
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly kind?: 'number' | 'wide' }[];
  readonly children: ComponentChildren;
  /** Told in place of rows where there are none. */
  readonly empty?: string | null;
}

/** A table that scrolls sideways by itself, by keyboard too, so that the page never does. */
export function Table({ caption, columns, children, empty = null }: TableProps): VNode {
  return html`
    <div class="scroll" role="region" aria-label=${caption} tabindex="0">
      <table>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map(({ title, kind }) => html`<th scope="col" class=${kind ?? ''}>${title}</th>`)}</tr></thead>
        ${children}
      </table>
      ${empty === null ? null : html`<p class="quiet">${empty}</p>`}
    </div>
  ` as VNode;
}
