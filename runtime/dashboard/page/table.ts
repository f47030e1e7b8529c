import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface TableProps {
  /** What the table is, for who does not see it. */
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly kind?: 'number' | 'wide' }[];
  readonly children: ComponentChildren;
  /** Told in place of rows where there are none. */
  readonly empty?: string | null;
}

/**
 * A table. Where there is no room for columns each row is a block, whose cells say what they are; what is wider even so scrolls by itself, by
 * keyboard too, so that the page never does.
 */
export function Table({ caption, columns, children, empty = null }: TableProps): VNode {
  const element = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => nameCells(element.current!, columns));
  return html`
    <div class="scroll" role="region" aria-label=${caption} tabindex="0">
      <table ref=${element}>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map(({ title, kind }) => html`<th scope="col" class=${kind ?? ''}>${title}</th>`)}</tr></thead>
        ${children}
      </table>
      ${empty === null ? null : html`<p class="quiet">${empty}</p>`}
    </div>
  ` as VNode;
}

/** Every cell knows the title of its column, for the style sheet. A row that lacks cells has them from a row above, at its left. */
function nameCells(table: HTMLTableElement, columns: TableProps['columns']): void {
  for (const body of table.tBodies)
    for (const { cells } of body.rows) {
      let at = columns.length - [...cells].reduce((sum, { colSpan }) => sum + colSpan, 0);
      for (const cell of cells) {
        if (cell.colSpan === 1) cell.dataset.title = columns[at]?.title ?? '';
        at += cell.colSpan;
      }
    }
}
