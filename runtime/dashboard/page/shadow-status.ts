import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import type { Shadow } from './server-words.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';

const COLUMNS = [
  { title: 'Change' },
  { title: 'Policy' },
  { title: 'Decisions', kind: 'number' },
  { title: 'Where they go' },
  { title: 'Where they would' },
  { title: 'A request' },
] as const;
const TONES: Readonly<Record<string, Tone>> = { loosens: 'bad', tightens: 'busy', moves: 'plain' };
const EVERY = 3_000;
/** Classes at once. */
const SHOWN = 10;

/** A policy that decides beside the active one and sends nothing: where the two part. */
export function ShadowStatus({ hash, version }: { readonly hash: string; readonly version: unknown }): VNode {
  const { value, problem } = usePolled<Shadow>('/v1/policy/shadow', EVERY, version);
  return html`
    <h3>Shadow <code>${hash.slice(0, 12)}</code></h3>
    ${problem === null ? null : html`<p class="problem">${problem.message}</p>`}
    ${
      value === null
        ? null
        : html`
          <p class="lead">${value.different.toLocaleString('en')} of ${value.decisions.toLocaleString('en')} decisions would be different; ${value.rejects.shadow.toLocaleString('en')} requests would be turned away, ${value.rejects.live.toLocaleString('en')} are.</p>
          ${
            value.classes.length === 0
              ? null
              : html`
                <${Table} caption="decisions that the shadow makes differently" columns=${COLUMNS}>
                  <tbody>
                    ${value.classes.slice(0, SHOWN).map(
                      ({ direction, kind, policies, decisions, moves, examples }, row) => html`
                        <tr key=${row}>
                          <th scope="row"><${Badge} tone=${TONES[direction] ?? 'plain'}>${direction}</${Badge}> <small>${kind}</small></th>
                          <td>${policies.live ?? policies.shadow ?? '–'}</td>
                          <td class="number">${decisions.toLocaleString('en')}</td>
                          <td><code>${moves[0]?.live ?? 'nowhere'}</code></td>
                          <td><code>${moves[0]?.shadow ?? 'nowhere'}</code></td>
                          <td>${examples[0] === undefined ? '–' : html`<code>${examples[0]}</code>`}</td>
                        </tr>
                      `,
                    )}
                  </tbody>
                </${Table}>
              `
          }
        `
    }
  ` as VNode;
}
