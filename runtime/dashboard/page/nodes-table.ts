import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge } from './badge.ts';
import { formatBytes } from './format-bytes.ts';
import type { Health } from './server-words.ts';
import { Table } from './table.ts';
import type { Peers, Resources } from './workload-words.ts';

const COLUMNS = [
  { title: 'Node' },
  { title: 'State' },
  { title: 'Cores free', kind: 'number' },
  { title: 'Memory free', kind: 'number' },
  { title: 'GPUs free', kind: 'number' },
] as const;
/** Nodes at once. */
const SHOWN = 20;

interface Node {
  readonly name: string;
  readonly state: 'up' | 'cordoned' | 'unreachable';
  readonly total: Resources;
  readonly free: Resources;
}

/** Places for workloads with what is left of them: this machine, and those of peers. */
export function NodesTable({ health, peers }: { readonly health: Health | null; readonly peers: Peers | null }): VNode {
  const nodes = listNodes(health, peers);
  const more = nodes.length - SHOWN;
  return html`
    <h3>Nodes</h3>
    <${Table} caption="nodes and what is free of them" columns=${COLUMNS} empty=${nodes.length === 0 && health !== null ? 'This machine takes no workloads, and no peer is known.' : null}>
      <tbody>${nodes.slice(0, SHOWN).map(
        ({ name, state, total, free }) => html`
        <tr key=${name}>
          <th scope="row"><code>${name}</code></th>
          <td><${Badge} tone=${state === 'up' ? 'good' : 'bad'}>${state}</${Badge}></td>
          <td class="number">${free.cpu_millis / 1e3} of ${total.cpu_millis / 1e3}</td>
          <td class="number">${formatBytes(free.memory_bytes)} of ${formatBytes(total.memory_bytes)}</td>
          <td class="number">${total.gpus === 0 ? '–' : `${free.gpus} of ${total.gpus}`}</td>
        </tr>`,
      )}
      </tbody>
    </${Table}>
    <p class="quiet">${more > 0 ? `And ${more} more. ` : ''}Nodes of a cluster stand in the placement of each job.</p>
  ` as VNode;
}

function listNodes(health: Health | null, peers: Peers | null): readonly Node[] {
  const own = health?.capacity.workloads ?? null;
  return [
    ...(own === null ? [] : [{ name: 'local', state: 'up' as const, ...own }]),
    ...(peers?.items ?? []).flatMap((peer) =>
      peer.nodes.map((node) => ({
        name: node.name,
        state: node.reachable ? (node.cordoned ? ('cordoned' as const) : ('up' as const)) : ('unreachable' as const),
        total: toResources(node.total),
        free: toResources(node.free),
      })),
    ),
  ];
}

function toResources(of: { readonly cpuMillis: number; readonly memoryBytes: number; readonly gpus: number }): Resources {
  return { cpu_millis: of.cpuMillis, memory_bytes: of.memoryBytes, gpus: of.gpus };
}
