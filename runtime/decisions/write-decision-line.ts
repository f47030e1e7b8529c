import { CODE } from '../../schema/decision.ts';
import { DECISION_LINE_FORMAT } from '../../schema/decision-line.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Manifest } from '../../schema/manifest.ts';
import { ENDPOINTS } from '../../schema/vocabulary.ts';
import type { DecisionFacts } from './decision-facts.ts';

/**
 * A `DecisionLine`, without its line break. Written by hand, with every name quoted once for each manifest: `JSON.stringify` of the same
 * object takes two and a half times as long (`npm run bench -- decisions`).
 *
 * @param order name of the order, see `OrderLine`.
 */
export function writeDecisionLine(facts: DecisionFacts, order: string, sample: number): string {
  const { router, intent, live, tried, code, micros } = facts;
  const names = quotedNames(router.manifest);
  const target = code < 0 ? -1 : code & CODE.TARGET;
  const decision = code < 0 ? 'reject' : (code & (CODE.LOADING | CODE.FULL)) !== 0 ? 'queue' : 'route';
  const cost = target < 0 ? Number.NaN : router.module.estimate(intent, target);
  return (
    `{"kind":"decision","format":${DECISION_LINE_FORMAT},"time":"${isoNow()}","request_id":${JSON.stringify(facts.requestId)},` +
    `"router":"${router.hash}","order":"${order}","epoch":${live.epoch},"intent":${writeIntent(intent)},"state":"${digits(live.state)}",` +
    `"budgets":"${digits(live.budgets)}","excluded":[${tried.length === 0 ? '' : tried.join()}],"code":${code},"sample":${sample},` +
    `"model":${names.models[intent.name]},"endpoint":"${ENDPOINTS[intent.endpoint]}","caller":${names.callers[intent.caller] ?? null},` +
    `"policy":${names.policies[intent.policy]},"category":${names.categories[intent.category] ?? null},` +
    `"class":${names.classes[intent.class] ?? null},"decision":"${decision}","backend":${names.backends[target] ?? null},` +
    `"target":${names.targets[target] ?? null},"zone":${names.zones[target] ?? null},"cost_usd":${Number.isNaN(cost) ? null : cost / 1e9},"decision_us":${Math.round(micros * 10) / 10}}`
  );
}

/** In the order of `INTENT_COORDINATES`; a test compares the two. */
function writeIntent(intent: Intent): string {
  const { costCap } = intent;
  return (
    `[${intent.name},${intent.policy},${intent.category},${intent.class},${intent.caller},${intent.endpoint},${intent.required},` +
    `${intent.flexible},${intent.inputLow},${intent.inputHigh},${intent.input},${intent.inputMost},${intent.images},${intent.tools},` +
    `${intent.answers},${intent.outputCap},${intent.capSource},${intent.output},${intent.score},` +
    `${costCap < Number.POSITIVE_INFINITY ? costCap : null}]`
  );
}

/** Room for the digits of one state: `join` of a `Uint8Array` takes ten times as long. */
let room = Buffer.alloc(1_024);

/** One digit for each value; nothing where all are 0, as they mostly are. */
function digits(values: Uint8Array): string {
  const { length } = values;
  if (length > room.length) room = Buffer.alloc(length * 2);
  let any = 0;
  for (let row = 0; row < length; row++) {
    any |= values[row];
    room[row] = 48 + values[row];
  }
  return any === 0 ? '' : room.toString('latin1', 0, length);
}

interface QuotedNames {
  readonly models: readonly string[];
  readonly callers: readonly string[];
  readonly policies: readonly string[];
  readonly categories: readonly string[];
  readonly classes: readonly string[];
  /** By target row. */
  readonly backends: readonly string[];
  readonly targets: readonly string[];
  readonly zones: readonly string[];
}

const quoted = new WeakMap<Manifest, QuotedNames>();

/** The last row of categories and classes stands for none. */
function quotedNames(manifest: Manifest): QuotedNames {
  const known = quoted.get(manifest);
  if (known) return known;
  const { names, callers, policies, categories, classes, backends, targets } = manifest;
  const quote = (text: string): string => JSON.stringify(text);
  const made = {
    models: names.map(({ name }) => quote(name)),
    callers: callers.map(({ name }) => quote(name)),
    policies: policies.map(({ name }) => quote(name)),
    categories: categories.slice(0, -1).map(quote),
    classes: classes.slice(0, -1).map(quote),
    backends: targets.map(({ backend }) => quote(backends[backend].name)),
    zones: targets.map(({ backend }) => quote(backends[backend].zone)),
    targets: targets.map(({ backend, model }) => quote(`${backends[backend].name}/${model}`)),
  };
  quoted.set(manifest, made);
  return made;
}

let moment = 0;
let text = '';

/** `toISOString` is dear; a millisecond has many decisions. */
function isoNow(): string {
  const now = Date.now();
  if (now !== moment) text = new Date((moment = now)).toISOString();
  return text;
}
