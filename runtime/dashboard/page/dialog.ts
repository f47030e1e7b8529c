import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** A modal dialog of the browser's own: it holds the focus, closes on Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, actions }: DialogProps): VNode {
  const element = useRef<HTMLDialogElement>(null);
  // Before anybody can see it or type: opening moves the focus, and what was typed until then would be lost.
  useLayoutEffect(() => {
    const { current } = element;
    current!.showModal();
    return () => current!.close();
  }, []);
  return html`
    <dialog ref=${element} aria-labelledby="dialog-title" onClose=${onClose} onClick=${(event: MouseEvent) => event.target === element.current && onClose()}>
      <article>
        <header>
          <button aria-label="close" rel="prev" onClick=${onClose}></button>
          <h2 id="dialog-title">${title}</h2>
        </header>
        ${children}
        ${actions ? html`<footer>${actions}</footer>` : null}
      </article>
    </dialog>
  ` as VNode;
}
