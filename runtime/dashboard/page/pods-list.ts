import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Ago } from './ago.ts';
import { Badge } from './badge.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';
import { Words } from './words.ts';
import { LIVE, type Pods, STATE_TONES } from './workload-words.ts';

export type Pod = Pods['items'][number];

export interface PodsListProps {
  readonly version: unknown;
  /** Null: who looks may not. */
  readonly onEvict: ((pod: Pod) => void) | null;
}

const COLUMNS = [{ title: 'Pod' }, { title: 'State' }, { title: 'Node' }, { title: 'Started' }];
/** Each look asks every place, so it is a rare one. */
const EVERY = 10_000;
/** Pods at once, those that live first. */
const SHOWN = 20;

/** What runs, as each place tells it. */
export function PodsList({ version, onEvict }: PodsListProps): VNode {
  const { value, problem } = usePolled<Pods>('/pods', EVERY, version);
  const pods = (value?.items ?? []).toSorted((one, other) => Number(LIVE.includes(other.phase)) - Number(LIVE.includes(one.phase)));
  const more = pods.length - SHOWN;
  return html`
    ${problem === null ? null : html`<p class="problem"><${Words} text=${problem.message} /></p>`}
    ${value === null && problem === null ? html`<p class="quiet" aria-busy="true">one moment</p>` : null}
    ${(value?.errors ?? []).slice(0, 5).map(({ nodes, message }) => html`<p class="problem" key=${nodes[0]}>${nodes.slice(0, 3).join(', ')}: ${message}</p>`)}
    <${Table} caption="pods as their places tell them" columns=${onEvict === null ? COLUMNS : [...COLUMNS, { title: 'Change' }]} empty=${value?.items.length === 0 ? 'Nothing runs.' : null}>
      <tbody>${pods.slice(0, SHOWN).map(
        (pod) => html`
        <tr key=${pod.id}>
          <th scope="row"><code>${pod.id}</code><small>${pod.name}${pod.foreign ? ', not one of ours' : ''}</small></th>
          <td><${Badge} tone=${STATE_TONES[pod.phase] ?? 'plain'}>${pod.phase}</${Badge}>${pod.reason === null ? null : html`<small class="words">${pod.reason}</small>`}</td>
          <td><code>${pod.node}</code></td>
          <td>${pod.started_at === null ? '–' : html`<${Ago} at=${pod.started_at} />`}</td>
          ${onEvict === null ? null : html`<td>${pod.foreign || !LIVE.includes(pod.phase) ? '–' : html`<button type="button" class="link" aria-label=${`evict ${pod.id}`} onClick=${() => onEvict(pod)}>evict</button>`}</td>`}
        </tr>`,
      )}
      </tbody>
    </${Table}>
    ${more > 0 ? html`<p class="quiet">And ${more} more${value!.truncated ? ', at least' : ''}.</p>` : null}
  ` as VNode;
}
