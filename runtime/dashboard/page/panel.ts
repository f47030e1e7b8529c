import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';
import type { Problem } from './problem.ts';
import { Words } from './words.ts';

export interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** One line on what is shown. */
  readonly lead?: ComponentChildren;
  /** Beside the title. */
  readonly tools?: ComponentChildren;
  readonly problem?: Problem | null;
  /** Nothing is known yet. */
  readonly waiting?: boolean;
  readonly children?: ComponentChildren;
}

/** One part of the page: a landmark with its heading; what keeps it from being shown stands where it would be. */
export function Panel({ id, title, lead, tools, problem = null, waiting = false, children }: PanelProps): VNode {
  return html`
    <section id=${id} class="panel" aria-labelledby=${`${id}-title`} tabindex="-1">
      <header class="panel-head">
        <div><h2 id=${`${id}-title`}>${title}</h2>${lead ? html`<p class="lead">${lead}</p>` : null}</div>
        ${tools ? html`<div class="tools">${tools}</div>` : null}
      </header>
      ${problem === null ? null : html`<p class="problem"><${Words} text=${describeProblem(problem)} /></p>`}
      ${waiting ? html`<p class="quiet" aria-busy="true">one moment</p>` : children}
    </section>
  ` as VNode;
}

function describeProblem({ status, message }: Problem): string {
  if (status === 404) return 'this server does not offer it';
  return message;
}
