import type { Explanation, RoutingDecision } from '../../../schema/decision.ts';
import type { Place } from '../../../schema/policy-set.ts';
import type { Paint } from './paint.ts';

/** An explanation for people: the answer first, then who asked for what, then every stage of every link. */
export function formatExplanation({ intent, decision, links }: Explanation, paint: Paint): string {
  const lines = [headline(decision, paint), ''];
  const { requirements } = intent;
  const { low, high } = requirements.input_tokens;
  const asked = intent.aliases.length > 1 ? intent.aliases.join(' → ') : intent.requested_model;
  lines.push(
    row('model', asked),
    row('policy', intent.policy),
    row('category', [intent.category ?? 'none', ...(intent.class === null ? [] : [`class ${intent.class}`])].join(', ')),
    row(
      'needs',
      `${requirements.capabilities.join(', ')}; ${low === high ? low : `${low} to ${high}`} tokens in, at most ${requirements.output_cap} out`,
    ),
    row('privacy', intent.privacy_constraint),
    row('tier', `${intent.min_capability_tier} and up, ${intent.tier_enforcement}`),
  );
  if (decision.decision !== 'reject') lines.push(row('cost', costOf(decision)));
  for (const { model, stages, order } of links) {
    lines.push('', paint.bold(links.length > 1 ? `trying ${model}` : model));
    for (const { stage, excluded, remaining } of stages) {
      lines.push(`  ${stage.padEnd(20)} ${excluded.length === 0 ? paint.dim('keeps all') : `${remaining.length} left`}`);
      for (const { reason, suggested_action, axis, place } of excluded) {
        lines.push(`    ${paint.red('−')} ${reason} ${paint.dim(`[${axis}]`)}${place ? paint.dim(`  ${placeOf(place)}`) : ''}`);
        lines.push(paint.dim(`      help: ${suggested_action}`));
      }
    }
    lines.push(`  ${'order'.padEnd(20)} ${order.length === 0 ? paint.red('nothing left') : order.join('  ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function headline(decision: RoutingDecision, paint: Paint): string {
  if (decision.decision === 'route') {
    const relaxed = decision.relaxed === 'none' ? '' : `, ${decision.relaxed} floor relaxed`;
    return `${paint.green('route')} to ${paint.bold(decision.target)} (${decision.reason}${relaxed})`;
  }
  if (decision.decision === 'queue') {
    const fallback = decision.fallback === null ? '' : `, fallback ${decision.fallback}`;
    return `${paint.yellow('queue')} for ${paint.bold(decision.target)} (${decision.reason}, about ${decision.estimated_wait_ms} ms${fallback})`;
  }
  return `${paint.red('reject')}: no target is left`;
}

function costOf(decision: Exclude<RoutingDecision, { decision: 'reject' }>): string {
  const { cost_usd, input_tokens, estimated_output_tokens, token_count_tier } = decision.cost_estimate;
  const cost = cost_usd === null ? 'unknown' : `$${cost_usd}`;
  return `${cost} for ${input_tokens} tokens in (${token_count_tier}) and ${estimated_output_tokens} out`;
}

const row = (name: string, value: string): string => `  ${name.padEnd(10)} ${value}`;
const placeOf = ({ file, line }: Place): string => `${file}:${line}`;
