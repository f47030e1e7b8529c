import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { DecisionLine } from '../../../schema/decision-line.ts';
import { Badge } from './badge.ts';
import { nameDecision } from './decision-history.ts';
import { DecisionDialog } from './decision-dialog.ts';
import { formatClock } from './format-clock.ts';
import { formatDollars } from './format-dollars.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import { Table } from './table.ts';
import { useDecisions } from './use-decisions.ts';
import { TONES } from './why.ts';

const COLUMNS = [
  { title: 'Time' },
  { title: 'Decision' },
  { title: 'Asked for' },
  { title: 'Target' },
  { title: 'Zone' },
  { title: 'Policy' },
  { title: 'Category' },
  { title: 'Cost', kind: 'number' },
  { title: 'Took', kind: 'number' },
] as const;
/** Rows at once; the rest is kept for the filter. */
const ROWS = 25;
const CHOICES = ['all', 'route', 'queue', 'reject'] as const;

/** Decisions as they are made. */
export function DecisionsPanel({ version }: { readonly version: unknown }): VNode {
  const [isPaused, setPaused] = useState(false);
  const [choice, setChoice] = useState<string>('all');
  const [open, setOpen] = useState<DecisionLine | null>(null);
  const { lines, heard, problem } = useDecisions(isPaused, version);
  const found = lines.filter(({ decision }) => choice === 'all' || decision === choice);
  const tools = html`
    <label class="inline">Show
      <select value=${choice} onChange=${(event: Event) => setChoice((event.target as HTMLSelectElement).value)}>
        ${CHOICES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
    <button type="button" class="outline" aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>${isPaused ? 'Resume' : 'Pause'}</button>
  `;
  const lead = `${heard.toLocaleString('en')} heard. Choose one to see why.`;
  return html`
    <${Panel} id="decisions" title="Decisions" lead=${lead} tools=${tools} problem=${problem}>
      <${Table} caption="newest decisions first" columns=${COLUMNS} empty=${found.length === 0 ? 'No decision yet: send a request, and it stands here.' : null}>
        <tbody>${found.slice(0, ROWS).map((line) => html`<${Row} key=${nameDecision(line)} line=${line} onOpen=${setOpen} />`)}</tbody>
      </${Table}>
      ${open === null ? null : html`<${DecisionDialog} line=${open} onClose=${() => setOpen(null)} />`}
    </${Panel}>
  ` as VNode;
}

function Row({ line, onOpen }: { readonly line: DecisionLine; readonly onOpen: (line: DecisionLine) => void }): VNode {
  const { time, decision, model, target, zone, policy, category, cost_usd, decision_us, request_id } = line;
  return html`
    <tr>
      <th scope="row"><button type="button" class="link" aria-label=${`${formatClock(time)} why: ${decision} of ${request_id}`} onClick=${() => onOpen(line)}>${formatClock(time)}</button></th>
      <td><${Badge} tone=${TONES[decision]}>${decision}</${Badge}></td>
      <td><code>${model}</code></td>
      <td>${target === null ? '–' : html`<code>${target}</code>`}</td>
      <td>${zone ?? '–'}</td>
      <td>${policy}</td>
      <td>${category ?? '–'}</td>
      <td class="number">${cost_usd === null ? '–' : formatDollars(cost_usd)}</td>
      <td class="number">${formatSpan(decision_us / 1e3)}</td>
    </tr>
  ` as VNode;
}
