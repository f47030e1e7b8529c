import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import type { Explanation } from './explanation.ts';
import { formatDollars } from './format-dollars.ts';
import { Table } from './table.ts';
import { Words } from './words.ts';

export const TONES: Readonly<Record<Explanation['decision']['decision'], Tone>> = { route: 'good', queue: 'busy', reject: 'bad' };

const COLUMNS = [{ title: 'Stage' }, { title: 'Target' }, { title: 'Verdict' }, { title: 'Why' }, { title: 'Policy' }];

/** What every stage did to every target, and the line of the policy behind it. */
export function Why({ explanation }: { readonly explanation: Explanation }): VNode {
  const { intent, links } = explanation;
  return html`
    <div class="why">
      <p>${describeOutcome(explanation)}</p>
      <dl class="facts">
        ${listFacts(explanation).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      ${links.map(
        ({ model, stages, order }, at) => html`
          <h3>${at === 0 ? 'Asked for' : 'Fallback'} <code>${model}</code></h3>
          <${Table} caption=${`stages of ${model}`} columns=${COLUMNS}>
            ${stages.map(
              ({ stage, excluded, remaining }) => html`
                <tbody key=${stage}>
                  ${excluded.map(
                    ({ target, reason, suggested_action, place }, row) => html`
                      <tr>
                        ${row === 0 ? html`<th scope="rowgroup" rowspan=${excluded.length + (remaining.length > 0 ? 1 : 0)}>${stage}</th>` : null}
                        <td><code>${target}</code></td>
                        <td><${Badge} tone="bad">out</${Badge}></td>
                        <td class="words"><${Words} text=${reason} />${suggested_action ? html`<small><${Words} text=${suggested_action} /></small>` : null}</td>
                        <td>${place === null ? '–' : html`<code>${place.file}:${place.line}</code>`}</td>
                      </tr>
                    `,
                  )}
                  ${
                    remaining.length === 0
                      ? null
                      : html`
                        <tr class="stay">
                          ${excluded.length === 0 ? html`<th scope="rowgroup">${stage}</th>` : null}
                          <td colspan="2">${remaining.length} ${remaining.length === 1 ? 'stays' : 'stay'}</td>
                          <td colspan="2">${remaining.map((target) => html`<code key=${target}>${target}</code> `)}</td>
                        </tr>
                      `
                  }
                </tbody>
              `,
            )}
          </${Table}>
          ${order.length > 0 ? html`<p class="quiet">In order: ${order.join(', ')}</p>` : null}
        `,
      )}
      ${intent.exclusions.length === 0 && links.length === 0 ? html`<p class="quiet">No stage had anything to exclude.</p>` : null}
    </div>
  ` as VNode;
}

function describeOutcome({ decision }: Explanation): VNode {
  const badge = html`<${Badge} tone=${TONES[decision.decision]}>${decision.decision}</${Badge}>`;
  if (decision.decision === 'reject') return html`${badge} no target is left` as VNode;
  const { cost_usd } = decision.cost_estimate;
  return html`${badge} <strong>${decision.target}</strong>, ${decision.reason}${cost_usd === null ? '' : `, about ${formatDollars(cost_usd)}`}` as VNode;
}

function listFacts({ intent, policy }: Explanation): (readonly [string, string])[] {
  const { low, high } = intent.requirements.input_tokens;
  return [
    ['policy', intent.policy],
    ['category', intent.category ?? '–'],
    ['class', intent.class ?? '–'],
    ['privacy', intent.privacy_constraint],
    ['input', `${low === high ? low : `${low} to ${high}`} tokens`],
    ['output cap', `${intent.requirements.output_cap} tokens`],
    ['needs', intent.requirements.capabilities.join(', ') || '–'],
    ['tier', `${intent.min_capability_tier}, ${intent.tier_enforcement}`],
    ['router', policy.slice(0, 12)],
  ];
}
