import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';
import { useErrorBoundary } from 'preact/hooks';

/** Keeps a fault of one part from taking the page with it. */
export function Guard({ title, children }: { readonly title: string; readonly children: ComponentChildren }): VNode {
  const [error, reset] = useErrorBoundary((fault: unknown) => console.error(fault));
  if (error === undefined) return html`${children}` as VNode;
  return html`
    <section class="panel" aria-label=${title}>
      <h2>${title}</h2>
      <p class="problem">this part of the page failed: ${String((error as Error).message ?? error)}</p>
      <button type="button" class="outline" onClick=${reset}>Try again</button>
    </section>
  ` as VNode;
}
