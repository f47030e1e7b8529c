import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge } from './badge.ts';
import { formatClock } from './format-clock.ts';
import type { Health, Policy } from './server-words.ts';
import type { Polled } from './use-polled.ts';

/** Whether the page is in touch with its server, said aloud when it changes. */
export function Standing({ health, policy }: { readonly health: Polled<Health>; readonly policy: Polled<Policy> }): VNode {
  const isAway = health.problem !== null;
  return html`
    <span role="status" class="standing">
      ${health.value === null && !isAway ? html`<${Badge} tone="plain">connecting</${Badge}>` : null}
      ${isAway ? html`<${Badge} tone="bad">offline</${Badge}> <small>${health.at === 0 ? 'never heard' : `last heard ${formatClock(health.at)}`}; trying again</small>` : null}
      ${health.value !== null && !isAway ? html`<${Badge} tone="good">live</${Badge}>` : null}
    </span>
    ${policy.value === null ? null : html`<small class="router">router <code>${policy.value.active.hash.slice(0, 12)}</code></small>`}
  ` as VNode;
}
