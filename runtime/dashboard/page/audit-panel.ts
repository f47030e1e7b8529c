import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { Ago } from './ago.ts';
import { Badge, type Tone } from './badge.ts';
import { Panel } from './panel.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';
import { Words } from './words.ts';

/** `GET /v1/audit`. */
interface Audit {
  readonly items: readonly {
    readonly id: string;
    readonly until: string;
    readonly count: number;
    readonly caller: string | null;
    readonly action: string;
    readonly subject: string | null;
    readonly outcome: string;
    readonly status: number;
    readonly code: string | null;
    readonly detail: string | null;
  }[];
  readonly next: string | null;
}

const COLUMNS = [
  { title: 'When' },
  { title: 'Outcome' },
  { title: 'Caller' },
  { title: 'What was asked' },
  { title: 'Times', kind: 'number' },
  { title: 'Why' },
] as const;
const TONES: Readonly<Record<string, Tone>> = { done: 'good', refused: 'busy', failed: 'bad' };
const OUTCOMES = ['refused', 'failed', 'done'] as const;
const EVERY = 5_000;
/** Entries at once. */
const SHOWN = 12;

/** What was refused, and what was changed by whom, the newest first. */
export function AuditPanel({ version }: { readonly version: unknown }): VNode {
  const [outcome, setOutcome] = useState<string>('refused');
  const { value, problem } = usePolled<Audit>(`/v1/audit?limit=${SHOWN}&outcome=${outcome}`, EVERY, version);
  const items = value?.items ?? [];
  const tools = html`
    <label class="inline">Outcome
      <select value=${outcome} onChange=${(event: Event) => setOutcome((event.target as HTMLSelectElement).value)}>
        ${OUTCOMES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
  `;
  return html`
    <${Panel} id="audit" title="Audit" lead="What was refused, and what was changed." tools=${tools} problem=${problem} waiting=${value === null && problem === null}>
      ${
        value === null
          ? null
          : html`
        <${Table} caption="newest entries first" columns=${COLUMNS} empty=${items.length === 0 ? `Nothing was ${outcome === 'failed' ? 'failing' : outcome}.` : null}>
          <tbody>${items.map(
            (entry) => html`
            <tr key=${entry.id}>
              <td><${Ago} at=${entry.until} /></td>
              <td><${Badge} tone=${TONES[entry.outcome] ?? 'plain'}>${entry.outcome}</${Badge}><small>${entry.status}</small></td>
              <td>${entry.caller ?? '–'}</td>
              <td class="words"><code>${entry.action}</code>${entry.subject === null ? null : html`<small>${entry.subject}</small>`}</td>
              <td class="number">${entry.count.toLocaleString('en')}</td>
              <td class="words">${entry.detail === null ? (entry.code ?? '–') : html`<${Words} text=${entry.detail} />`}</td>
            </tr>`,
          )}
          </tbody>
        </${Table}>`
      }
    </${Panel}>
  ` as VNode;
}
