import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Ago } from './ago.ts';
import { Badge } from './badge.ts';
import { Dialog } from './dialog.ts';
import { formatBytes } from './format-bytes.ts';
import { formatClock } from './format-clock.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';
import { Words } from './words.ts';
import { type Job, type JobWhole, STATE_TONES } from './workload-words.ts';

const NODES = [{ title: 'Node' }, { title: 'Score', kind: 'number' }, { title: 'Why not' }] as const;
const RUNS = [{ title: 'Run' }, { title: 'State' }, { title: 'Node' }, { title: 'Started' }] as const;
const EVENTS = [{ title: 'Time' }, { title: 'What happened' }, { title: 'By' }, { title: 'More' }] as const;
const EVERY = 3_000;
/** Rows of each table at once. */
const SHOWN = 30;

/** A workload: what was asked, where it went and why nowhere else, its runs and its history. */
export function JobDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }): VNode {
  const { value, problem } = usePolled<JobWhole>(`/v1/jobs/${encodeURIComponent(id)}`, EVERY, id);
  return html`
    <${Dialog} title="Workload" onClose=${onClose}>
      <p class="quiet">Job <code>${id}</code></p>
      ${problem === null ? null : html`<p class="problem"><${Words} text=${problem.message} /></p>`}
      ${value === null && problem === null ? html`<p aria-busy="true">one moment</p>` : null}
      ${value === null ? null : html`<${Whole} job=${value} />`}
    </${Dialog}>
  ` as VNode;
}

function Whole({ job }: { readonly job: JobWhole }): VNode {
  const { name, status, reason, placement, runs, history } = job;
  return html`
    <p><${Badge} tone=${STATE_TONES[status] ?? 'plain'}>${status}</${Badge}> <strong>${name}</strong>${reason === null ? '' : html`: <${Words} text=${reason} />`}</p>
    <dl class="facts">${listFacts(job).map(([fact, value]) => html`<div key=${fact}><dt>${fact}</dt><dd>${value}</dd></div>`)}</dl>
    <h3>Placement</h3>
    ${placement === null ? html`<p class="quiet">No node has taken it yet.</p>` : html`<${Placement} placement=${placement} />`}
    <h3>Runs</h3>
    <${Table} caption="runs of the job" columns=${RUNS} empty=${runs.length === 0 ? 'None yet.' : null}>
      <tbody>${runs.slice(-SHOWN).map(
        (run) => html`
        <tr key=${run.pod_id}>
          <th scope="row"><code>${run.pod_id}</code></th>
          <td><${Badge} tone=${STATE_TONES[run.phase] ?? 'plain'}>${run.phase}</${Badge}>${run.reason === null ? null : html`<small class="words">${run.reason}</small>`}</td>
          <td><code>${run.node}</code></td>
          <td>${run.started_at === null ? '–' : html`<${Ago} at=${run.started_at} />`}</td>
        </tr>`,
      )}
      </tbody>
    </${Table}>
    <h3>History</h3>
    <${Table} caption="what happened to the job" columns=${EVENTS}>
      <tbody>${history.slice(-SHOWN).map(
        ({ event, at, by, detail }, row) => html`
        <tr key=${`${at} ${row}`}>
          <td>${formatClock(at)}</td>
          <td><${Badge} tone="plain">${event}</${Badge}></td>
          <td>${by === null ? '–' : html`<code>${by.slice(0, 24)}</code>`}</td>
          <td class="words">${detail ?? '–'}</td>
        </tr>`,
      )}
      </tbody>
    </${Table}>
  ` as VNode;
}

function Placement({ placement }: { readonly placement: NonNullable<Job['placement']> }): VNode {
  const scores = Object.entries(placement.scores);
  return html`
    <${Table} caption="nodes by score, and why others could not" columns=${NODES}>
      <tbody>
        ${scores.slice(0, SHOWN).map(
          ([node, score]) => html`
          <tr key=${node}>
            <th scope="row"><code>${node}</code> ${node === placement.node ? html`<${Badge} tone="good">chosen</${Badge}>` : null}</th>
            <td class="number">${Number(score.toPrecision(3))}</td>
            <td>–</td>
          </tr>`,
        )}
        ${placement.excluded.slice(0, SHOWN).map(
          ({ node, filter, detail }) => html`
          <tr key=${`${node} ${filter}`}>
            <th scope="row"><code>${node}</code></th>
            <td class="number"><${Badge} tone="bad">${filter}</${Badge}></td>
            <td class="words"><${Words} text=${detail} /></td>
          </tr>`,
        )}
      </tbody>
    </${Table}>
  ` as VNode;
}

function listFacts({ caller, attempts, exit_code, trace_id, workload }: JobWhole): (readonly [string, string])[] {
  const { image, command, resources, privacy, node_labels, retries } = workload;
  const labels = Object.entries(node_labels).map(([label, value]) => `${label}=${value}`);
  return [
    ['runs', image ?? 'a process of its node'],
    ['command', command.join(' ').slice(0, 200) || 'that of the image'],
    [
      'asks for',
      `${resources.cpu_millis / 1e3} cores, ${formatBytes(resources.memory_bytes)}${resources.gpus === 0 ? '' : `, ${resources.gpus} GPUs`}`,
    ],
    ['privacy', privacy],
    ['node labels', labels.join(', ') || '–'],
    ['of', caller ?? '–'],
    ['attempts', `${attempts}, ${retries} retries`],
    ['exit code', exit_code === null ? '–' : String(exit_code)],
    ['trace', trace_id],
  ];
}
