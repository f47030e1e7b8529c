import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Ago } from './ago.ts';
import { Badge, type Tone } from './badge.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import { Table } from './table.ts';
import type { Polled } from './use-polled.ts';
import { Words } from './words.ts';
import type { Peers } from './workload-words.ts';

const COLUMNS = [
  { title: 'Peer' },
  { title: 'State' },
  { title: 'Version' },
  { title: 'Nodes', kind: 'number' },
  { title: 'Round trip', kind: 'number' },
  { title: 'Heard' },
] as const;
const TONES: Readonly<Record<string, Tone>> = { new: 'busy', up: 'good', self: 'plain', gone: 'plain' };
/** Peers at once. */
const SHOWN = 20;

/** Other policyds that take workloads, and why one gets none. */
export function PeersPanel({ peers }: { readonly peers: Polled<Peers> }): VNode {
  const { value, problem } = peers;
  const items = value?.items ?? [];
  const more = items.length - SHOWN;
  return html`
    <${Panel} id="peers" title="Peers" lead=${value === null ? 'Other policyds that take workloads.' : describe(value)} problem=${problem} waiting=${value === null && problem === null}>
      ${
        value === null || value.self === null
          ? null
          : html`
        ${value.discovery.state === 'down' ? html`<p class="problem">The tailnet: <${Words} text=${value.discovery.reason ?? 'down'} /></p>` : null}
        <${Table} caption="peers as this policyd sees them" columns=${COLUMNS} empty=${items.length === 0 ? 'No peer is known.' : null}>
          <tbody>${items.slice(0, SHOWN).map(
            (peer) => html`
            <tr key=${peer.name}>
              <th scope="row">${peer.name} <small>${peer.source}</small></th>
              <td><${Badge} tone=${TONES[peer.state] ?? 'bad'}>${peer.state}</${Badge}>${peer.reason === null ? null : html`<small class="words"><${Words} text=${peer.reason} /></small>`}</td>
              <td>${peer.version ?? '–'}</td>
              <td class="number">${peer.nodes.length}</td>
              <td class="number">${peer.round_trip_ms === null ? '–' : formatSpan(peer.round_trip_ms)}</td>
              <td>${peer.seen_at === null ? 'never' : html`<${Ago} at=${peer.seen_at} />`}</td>
            </tr>`,
          )}
          </tbody>
        </${Table}>
        ${more > 0 ? html`<p class="quiet">And ${more} more.</p>` : null}`
      }
    </${Panel}>
  ` as VNode;
}

function describe({ self, discovery, items }: Peers): VNode {
  if (self === null) return html`Off: <${Words} text=${discovery.reason ?? 'this policyd has none'} />.` as VNode;
  const up = items.filter(({ state }) => state === 'up').length;
  return html`${up} of ${items.length} up; ${self.hosted} ${self.hosted === 1 ? 'run' : 'runs'} of theirs here.` as VNode;
}
