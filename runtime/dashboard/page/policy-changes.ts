import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { askJson } from './ask.ts';
import { Badge, type Tone } from './badge.ts';
import type { Problem } from './problem.ts';
import { Table } from './table.ts';

/** The part of `GET /v1/policy/diff` that is shown: what `policyc diff --format json` says of the previous and the active router. */
interface Changes {
  readonly classes: readonly {
    readonly direction: string;
    readonly kind: string;
    readonly plain: boolean;
    readonly policies: readonly { readonly old: string | null; readonly now: string | null }[];
    readonly names: readonly string[];
    readonly categories: readonly string[];
    readonly first: readonly { readonly old: string | null; readonly now: string | null }[];
    readonly size: number;
    readonly witness: { readonly request: unknown; readonly old: string | null; readonly now: string | null } | null;
  }[];
  readonly settings: readonly unknown[];
  readonly kinds: { readonly all: number; readonly compared: number; readonly changed: number };
}

const COLUMNS = [
  { title: 'Change' },
  { title: 'Policy' },
  { title: 'Requests' },
  { title: 'Before' },
  { title: 'Now' },
  { title: 'A request that shows it' },
] as const;
const TONES: Readonly<Record<string, Tone>> = { loosens: 'bad', tightens: 'busy', moves: 'plain' };

/** What the active policy decides differently from the previous one; worked out when somebody asks, since it takes a second or more. */
export function PolicyChanges(): VNode {
  const [found, setFound] = useState<{ readonly changes: Changes | null; readonly problem: Problem | null; readonly isBusy: boolean }>({
    changes: null,
    problem: null,
    isBusy: false,
  });
  const compare = (): void => {
    setFound({ changes: null, problem: null, isBusy: true });
    askJson<Changes>('/v1/policy/diff').then(
      (changes) => setFound({ changes, problem: null, isBusy: false }),
      (problem: Problem) => setFound({ changes: null, problem, isBusy: false }),
    );
  };
  const { changes, problem, isBusy } = found;
  return html`
    <div class="changes">
      <button type="button" class="outline" aria-busy=${isBusy} disabled=${isBusy} onClick=${compare}>What changed since the previous policy?</button>
      <div role="status">
        ${problem === null ? null : html`<p class="problem">${problem.message}</p>`}
        ${
          changes === null
            ? null
            : html`
          <p>${describe(changes)}</p>
          ${
            changes.classes.length === 0
              ? null
              : html`
            <${Table} caption="classes of requests that are decided differently" columns=${COLUMNS}>
              <tbody>${changes.classes.map(
                (one, row) => html`
                <tr key=${row}>
                  <th scope="row"><${Badge} tone=${TONES[one.direction] ?? 'plain'}>${one.direction}</${Badge}> <small>${one.kind}${one.plain ? '' : ', in some states'}</small></th>
                  <td>${one.policies.map(({ old, now }) => now ?? old ?? '–').join(', ') || '–'}</td>
                  <td>${one.names.slice(0, 4).map((name) => html`<code key=${name}>${name}</code> `)}${one.names.length > 4 ? `and ${one.names.length - 4} more` : ''}</td>
                  <td><code>${one.first[0]?.old ?? 'nobody'}</code></td>
                  <td><code>${one.first[0]?.now ?? 'nobody'}</code></td>
                  <td class="words">${one.witness === null ? '–' : html`<details><summary>show</summary><pre>${shorten(one.witness.request)}</pre></details>`}</td>
                </tr>`,
              )}
              </tbody>
            </${Table}>
          `
          }
        `
        }
      </div>
    </div>
  ` as VNode;
}

function describe({ classes, settings, kinds }: Changes): string {
  const also =
    settings.length === 0
      ? ''
      : ` ${settings.length} ${settings.length === 1 ? 'setting' : 'settings'} changed that decisions do not depend on.`;
  if (classes.length === 0) return `No request is decided differently: ${kinds.compared} kinds of requests were compared.${also}`;
  return `${kinds.changed} of ${kinds.all} kinds of requests are decided differently, in ${classes.length} ${classes.length === 1 ? 'class' : 'classes'}.${also}`;
}

/** A witness may be as long as a context window. */
function shorten(request: unknown): string {
  const text = JSON.stringify(request, null, 1);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
