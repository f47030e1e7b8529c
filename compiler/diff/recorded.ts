import { CAPABILITIES } from '../../schema/vocabulary.ts';
import type { DecisionLine, IntentCoordinates } from '../../schema/decision-line.ts';
import { type Bench, compareRequest } from './compare-request.ts';
import { putBoth, type Sample } from './compare-tokens.ts';
import type { Sorter } from './sorter.ts';

/** Recorded requests that are alike, and how many they are. */
export interface RecordedRequest {
  readonly line: Pick<DecisionLine, 'model' | 'endpoint' | 'caller' | 'category' | 'class'>;
  readonly asked: Pick<IntentCoordinates, 'required' | 'flexible' | 'input' | 'tools' | 'answers' | 'capSource' | 'outputCap'>;
  readonly weight: number;
}

/**
 * Counts recorded requests to the classes that they belong to. Their texts are not recorded: category and class are those of the record,
 * on both sides, where both have them. Returns how many were of callers or models that not both sides know.
 */
export function weighRecorded(bench: Bench, sorter: Sorter, requests: Iterable<RecordedRequest>): number {
  const { joint, old, now } = bench;
  const callers = new Map(joint.callers.map(({ key }, row) => [key, row]));
  const names = new Set(joint.names);
  let unknown = 0;
  sorter.expectRecorded();
  for (const request of requests) {
    const caller = joint.callers.length === 1 && joint.callers[0].key === null ? 0 : callers.get(request.line.caller);
    if (caller === undefined || !names.has(request.line.model)) {
      unknown += request.weight;
      continue;
    }
    const [before, after] = putBoth(bench, sampleOf(bench, request, caller));
    const difference = compareRequest(bench, before, after);
    if (difference)
      sorter.weigh({ old: old.side.policies[before.policy], now: now.side.policies[after.policy] }, difference, request.weight);
  }
  return Math.round(unknown);
}

function sampleOf({ joint }: Bench, { line, asked }: RecordedRequest, caller: number): Sample {
  const tools = 1 << CAPABILITIES.indexOf('tools');
  const piece = {
    low: asked.input,
    high: asked.input,
    category: joint.categories.includes(line.category) ? line.category : null,
    class: joint.classes.includes(line.class) ? line.class : null,
    text: '',
    tools: asked.tools,
  };
  return {
    name: line.model,
    caller,
    endpoint: line.endpoint,
    piece,
    category: line.category,
    required: asked.required & ~tools,
    flexible: asked.flexible === 1,
    tokens: asked.input,
    maxOutputTokens: asked.capSource === 2 ? null : asked.outputCap,
    answers: asked.answers,
  };
}
