import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { Ago } from './ago.ts';
import { askJson } from './ask.ts';
import { Badge } from './badge.ts';
import { ConfirmDialog } from './confirm-dialog.ts';
import { JobDialog } from './job-dialog.ts';
import { NodesTable } from './nodes-table.ts';
import { Panel } from './panel.ts';
import { type Pod, PodsList } from './pods-list.ts';
import { findSample, type Samples } from './read-metrics.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';
import { type Job, LIVE, STATE_TONES } from './workload-words.ts';

const COLUMNS = [{ title: 'Job' }, { title: 'State' }, { title: 'Node' }, { title: 'Of' }, { title: 'Accepted' }];
const STATUSES = ['pending', 'scheduled', 'running', 'succeeded', 'failed', 'cancelled', 'evicted'] as const;
const EVERY = 3_000;
/** Jobs at once. */
const SHOWN = 15;

export interface WorkloadsPanelProps {
  readonly samples: Samples | null;
  /** Who looks has the scope `admin`, or nobody needs a key. */
  readonly isAdmin: boolean;
  readonly version: unknown;
}

type Asked = { readonly job: Job } | { readonly pod: Pod };

/** Workloads: jobs and where they went, nodes and what is free, pods; for scope `admin` also their end. */
export function WorkloadsPanel({ samples, isAdmin, version }: WorkloadsPanelProps): VNode {
  const [status, setStatus] = useState('');
  const [changes, setChanges] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isListing, setListing] = useState(false);
  const since = `${version} ${changes}`;
  const query = status === '' ? '' : `&status=${status}`;
  const jobs = usePolled<{ readonly items: readonly Job[] }>(`/v1/jobs?limit=${SHOWN}${query}`, EVERY, since);
  const rows = jobs.value?.items ?? [];
  const tools = html`
    <label class="inline">State
      <select value=${status} onChange=${(event: Event) => setStatus((event.target as HTMLSelectElement).value)}>
        <option value="">all</option>
        ${STATUSES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
  `;
  return html`
    <${Panel} id="workloads" title="Workloads" lead=${describe(samples)} tools=${tools} problem=${jobs.problem} waiting=${jobs.value === null && jobs.problem === null}>
      ${
        jobs.value === null
          ? null
          : html`
        <${Table} caption="newest jobs first" columns=${isAdmin ? [...COLUMNS, { title: 'Change' }] : COLUMNS} empty=${rows.length === 0 ? (status === '' ? 'No workload yet.' : `None is ${status}.`) : null}>
          <tbody>${rows.map((job) => html`<${Row} key=${job.job_id} job=${job} onOpen=${setOpen} onCancel=${isAdmin ? () => setAsked({ job }) : null} />`)}</tbody>
        </${Table}>
        <${NodesTable} isAdmin=${isAdmin} version=${since} />
        <details onToggle=${(event: Event) => setListing((event.currentTarget as HTMLDetailsElement).open)}>
          <summary>Pods, as each place tells them</summary>
          ${isListing ? html`<${PodsList} version=${since} onEvict=${isAdmin ? (pod: Pod) => setAsked({ pod }) : null} />` : null}
        </details>`
      }
      ${open === null ? null : html`<${JobDialog} id=${open} onClose=${() => setOpen(null)} />`}
      ${asked === null ? null : html`<${EndDialog} asked=${asked} onDone=${() => setChanges((count) => count + 1)} onClose=${() => setAsked(null)} />`}
    </${Panel}>
  ` as VNode;
}

interface RowProps {
  readonly job: Job;
  readonly onOpen: (id: string) => void;
  readonly onCancel: (() => void) | null;
}

function Row({ job, onOpen, onCancel }: RowProps): VNode {
  const { job_id, name, status, reason, stopping, placement, caller, created_at } = job;
  return html`
    <tr>
      <th scope="row"><button type="button" class="link" aria-label=${`${name}: ${status}, ${job_id}`} onClick=${() => onOpen(job_id)}>${name}</button></th>
      <td><${Badge} tone=${STATE_TONES[status] ?? 'plain'}>${status}</${Badge}>${stopping ? html`<small>it is being ended</small>` : null}${reason === null ? null : html`<small class="words">${reason}</small>`}</td>
      <td>${placement === null ? '–' : html`<code>${placement.node}</code>`}</td>
      <td>${caller ?? '–'}</td>
      <td><${Ago} at=${created_at} /></td>
      ${onCancel === null ? null : html`<td>${LIVE.includes(status) && !stopping ? html`<button type="button" class="link" aria-label=${`cancel ${name}, ${job_id}`} onClick=${onCancel}>cancel</button>` : '–'}</td>`}
    </tr>
  ` as VNode;
}

interface EndDialogProps {
  readonly asked: Asked;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function EndDialog({ asked, onDone, onClose }: EndDialogProps): VNode {
  const end = (path: string, body: object): Promise<unknown> => askJson(path, { method: 'POST', body: JSON.stringify(body) });
  if ('job' in asked) {
    const { job_id, name } = asked.job;
    return html`
      <${ConfirmDialog} title="Cancel the job" keep="Let it go on" reason="cancelled from the dashboard" onDone=${onDone} onClose=${onClose}
        act=${(reason: string) => end(`/v1/jobs/${encodeURIComponent(job_id)}/cancel`, { reason })}>
        <p><strong>${name}</strong>, <code>${job_id}</code>, is not wanted any more. What runs has ten seconds to end by itself.</p>
      </${ConfirmDialog}>
    ` as VNode;
  }
  const { id, name } = asked.pod;
  return html`
    <${ConfirmDialog} title="Evict the pod" keep="Let it run" reason="evicted from the dashboard" onDone=${onDone} onClose=${onClose}
      act=${(reason: string) => end('/evict', { pod_id: id, reason })}>
      <p><code>${id}</code> of <strong>${name}</strong> is ended before its time, where policy and place allow it.</p>
    </${ConfirmDialog}>
  ` as VNode;
}

function describe(samples: Samples | null): string {
  const counts = STATUSES.map(
    (status) => [status, samples === null ? 0 : (findSample(samples, 'policyd_workload_jobs', { status }) ?? 0)] as const,
  );
  const told = counts.filter(([, count]) => count > 0).map(([status, count]) => `${count.toLocaleString('en')} ${status}`);
  return told.length === 0 ? 'Programs and containers that somebody schedules.' : `${told.join(', ')}.`;
}
