import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge } from './badge.ts';
import { formatBytes } from './format-bytes.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';
import { Words } from './words.ts';
import type { Nodes } from './workload-words.ts';

const COLUMNS = [
  { title: 'Node' },
  { title: 'State' },
  { title: 'Load', kind: 'number' },
  { title: 'Cores free', kind: 'number' },
  { title: 'Memory free', kind: 'number' },
  { title: 'GPUs free', kind: 'number' },
  { title: 'Labels' },
] as const;
const EVERY = 5_000;
/** Nodes at once, and labels of each: a node of a cluster has dozens. */
const SHOWN = 20;
const LABELS = 6;

type Node = Nodes['items'][number];

/** Places for workloads with what is left of them: this machine, nodes of a cluster, those of peers. */
export function NodesTable({ isAdmin, version }: { readonly isAdmin: boolean; readonly version: unknown }): VNode {
  const { value, problem } = usePolled<Nodes>('/v1/nodes', EVERY, version);
  const nodes = value?.items ?? [];
  const more = nodes.length - SHOWN;
  const none = isAdmin ? 'This machine takes no workloads, and there is no cluster and no peer.' : 'None has a job of this key.';
  return html`
    <h3>Nodes</h3>
    ${problem === null ? null : html`<p class="problem"><${Words} text=${problem.message} /></p>`}
    ${value === null && problem === null ? html`<p class="quiet" aria-busy="true">one moment</p>` : null}
    <${Table} caption="nodes and what is free of them" columns=${COLUMNS} empty=${value?.items.length === 0 ? none : null}>
      <tbody>${nodes.slice(0, SHOWN).map((node) => html`<${Row} key=${node.name} node=${node} />`)}</tbody>
    </${Table}>
    ${more > 0 ? html`<p class="quiet">And ${more.toLocaleString('en')} more${value!.truncated ? ', at least' : ''}.</p>` : null}
  ` as VNode;
}

function Row({ node }: { readonly node: Node }): VNode {
  const { name, kind, load, total, free } = node;
  const labels = Object.entries(node.labels);
  return html`
    <tr>
      <th scope="row"><code>${name}</code><small>${kind}</small></th>
      <td>${node.reachable ? html`<${Badge} tone="good">up</${Badge}>` : html`<${Badge} tone="bad">unreachable</${Badge}>`} ${node.cordoned ? html`<${Badge} tone="busy">cordoned</${Badge}>` : null}</td>
      <td class="number">${Math.round(load * 100)} %</td>
      <td class="number">${free.cpu_millis / 1e3} of ${total.cpu_millis / 1e3}</td>
      <td class="number">${formatBytes(free.memory_bytes)} of ${formatBytes(total.memory_bytes)}</td>
      <td class="number">${total.gpus === 0 ? '–' : `${free.gpus} of ${total.gpus}`}</td>
      <td class="words">${
        labels.length === 0
          ? '–'
          : labels
              .slice(0, LABELS)
              .map(([label, of]) => `${label}=${of}`)
              .join(', ')
      }${labels.length > LABELS ? html`<small>and ${labels.length - LABELS} more</small>` : null}</td>
    </tr>
  ` as VNode;
}
