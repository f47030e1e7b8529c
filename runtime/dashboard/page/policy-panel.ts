import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { CanaryStatus } from './canary-status.ts';
import { Badge, type Tone } from './badge.ts';
import { formatClock } from './format-clock.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import { PolicyChanges } from './policy-changes.ts';
import { RollbackButton } from './rollback-button.ts';
import type { Policy, Router } from './server-words.ts';
import { ShadowStatus } from './shadow-status.ts';
import { Table } from './table.ts';
import type { Polled } from './use-polled.ts';

const ROUTERS = [
  { title: 'Router' },
  { title: 'Loaded' },
  { title: 'From' },
  { title: 'Targets', kind: 'number' },
  { title: 'Policies', kind: 'number' },
  { title: 'In flight', kind: 'number' },
] as const;
const EVENTS = [
  { title: 'Time' },
  { title: 'What happened' },
  { title: 'From' },
  { title: 'To' },
  { title: 'By' },
  { title: 'Reason' },
] as const;
const TONES: Readonly<Record<string, Tone>> = {
  swapped: 'good',
  kept: 'good',
  regressed: 'bad',
  refused: 'bad',
  'not-compiled': 'bad',
  'rolled-back': 'busy',
};
/** Events at once. */
const SHOWN = 8;

export interface PolicyPanelProps {
  readonly policy: Polled<Policy>;
  readonly onChange: () => void;
}

/** Which router serves, which one before it, how the newest fares, and the way back. */
export function PolicyPanel({ policy, onChange }: PolicyPanelProps): VNode {
  const { value, problem } = policy;
  return html`
    <${Panel} id="policy" title="Policy" lead=${value === null ? null : describeWatch(value)} problem=${problem} waiting=${value === null && problem === null}
      tools=${value === null || value.previous === null ? null : html`<${RollbackButton} active=${value.active.hash} previous=${value.previous.hash} onChange=${onChange} />`}>
      ${
        value === null
          ? null
          : html`
            ${value.last_error === null ? null : html`<p class="problem">${formatClock(value.last_error.at)}: ${value.last_error.message}</p>`}
            <${Table} caption="routers" columns=${ROUTERS}>
              <tbody>
                <${RouterRow} name="active" router=${value.active} />
                ${value.previous === null ? null : html`<${RouterRow} name="previous" router=${value.previous} />`}
              </tbody>
            </${Table}>
            ${value.previous === null ? null : html`<${PolicyChanges} key=${`${value.previous.hash} ${value.active.hash}`} />`}
            ${value.canary === null ? null : html`<${CanaryStatus} canary=${value.canary} active=${value.active.hash} onChange=${onChange} />`}
            ${value.shadow === null ? null : html`<${ShadowStatus} hash=${value.shadow.hash} version=${value.shadow.hash} />`}
            ${
              value.history.length === 0
                ? null
                : html`
              <h3>History</h3>
              <${Table} caption="what happened to the policy, newest first" columns=${EVENTS}>
                <tbody>${value.history.slice(0, SHOWN).map(
                  (event) => html`
                  <tr key=${`${event.at} ${event.event}`}>
                    <td>${formatClock(event.at)}</td>
                    <td><${Badge} tone=${TONES[event.event] ?? 'plain'}>${event.event}</${Badge}></td>
                    <td><code>${event.from.slice(0, 12)}</code></td>
                    <td>${event.to === null ? '–' : html`<code>${event.to.slice(0, 12)}</code>`}</td>
                    <td class="words">${event.by}</td>
                    <td class="words">${event.reason ?? '–'}</td>
                  </tr>`,
                )}
                </tbody>
              </${Table}>
            `
            }
          `
      }
    </${Panel}>
  ` as VNode;
}

function RouterRow({ name, router }: { readonly name: string; readonly router: Router }): VNode {
  const { hash, loaded_at, source, targets, policies, in_flight, signed_by } = router;
  return html`
    <tr>
      <th scope="row"><code>${hash.slice(0, 12)}</code> <${Badge} tone=${name === 'active' ? 'good' : 'plain'}>${name}</${Badge}></th>
      <td>${formatClock(loaded_at)} <small>${formatSpan(Math.max(0, Date.now() - Date.parse(loaded_at)))} ago</small></td>
      <td class="words">${source}${signed_by === null ? null : html`<small>signed by ${signed_by}</small>`}</td>
      <td class="number">${targets}</td>
      <td class="number">${policies}</td>
      <td class="number">${in_flight}</td>
    </tr>
  ` as VNode;
}

function describeWatch({ watch }: Policy): string {
  const { state, decisions, p99_us, error_rate, reject_rate, reason } = watch;
  const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
  const fares = `${decisions.toLocaleString('en')} decisions, p99 ${formatSpan(p99_us / 1e3)}, ${percent(error_rate)} failed, ${percent(reject_rate)} turned away`;
  if (state === 'open') return `Being watched: ${fares}.`;
  return `${fares}${reason === null ? '' : `; ${reason}`}.`;
}
