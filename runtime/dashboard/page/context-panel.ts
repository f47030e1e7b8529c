import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Panel } from './panel.ts';
import { findSample, type Samples } from './read-metrics.ts';
import type { Health } from './server-words.ts';
import type { Polled } from './use-polled.ts';

export interface ContextPanelProps {
  readonly health: Polled<Health>;
  readonly samples: Samples | null;
}

/** What workloads are told from: documents and their vectors, MCP servers, searches. */
export function ContextPanel({ health, samples }: ContextPanelProps): VNode {
  const context = health.value?.context ?? null;
  const add = (name: string): string =>
    samples === null ? '–' : (samples.get(name) ?? []).reduce((sum, { value }) => sum + value, 0).toLocaleString('en');
  const waiting = samples === null ? null : findSample(samples, 'policyd_context_pending_embeddings', {});
  const figures: readonly (readonly [string, string, string])[] =
    context === null
      ? []
      : [
          ['vectors', context.vectors.ok ? 'ok' : 'behind', `in ${context.vectors.store}`],
          [
            'embeddings',
            context.embeddings.ok ? 'ok' : 'not made',
            waiting === null ? 'chunks waiting: –' : `${waiting.toLocaleString('en')} chunks wait`,
          ],
          ['MCP servers', `${context.mcp.connected} of ${context.mcp.servers}`, 'connected'],
          ['documents', add('policyd_context_documents_total'), 'sent since the start'],
          [
            'searches',
            add('policyd_context_search_seconds_count'),
            `${add('policyd_context_degraded_searches_total')} with less than was asked for`,
          ],
        ];
  return html`
    <${Panel} id="context" title="Context" lead="What jobs and searches are told from." problem=${health.problem} waiting=${context === null && health.problem === null}>
      <dl class="figures">
        ${figures.map(([name, value, note]) => html`<div key=${name}><dt>${name}</dt><dd><strong>${value}</strong><small>${note}</small></dd></div>`)}
      </dl>
    </${Panel}>
  ` as VNode;
}
