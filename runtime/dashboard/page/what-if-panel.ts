import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { askJson } from './ask.ts';
import { Badge } from './badge.ts';
import type { Explanation } from './explanation.ts';
import { Panel } from './panel.ts';
import type { Problem } from './problem.ts';
import type { Policy } from './server-words.ts';
import { TONES, Why } from './why.ts';

const EXAMPLE = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Rename variable x to y' }] }, null, 2);
/** Routers that a request can be put to, as `POST /v1/route?policy=` names them. */
const ROUTERS = {
  active: 'the active policy',
  previous: 'the previous policy',
  canary: 'the canary',
  shadow: 'the shadow policy',
} as const;
type RouterName = keyof typeof ROUTERS;

interface Outcome {
  readonly router: RouterName;
  readonly explanation: Explanation | null;
  readonly problem: Problem | null;
}

/** What would happen to a request under each policy; it is sent nowhere. */
export function WhatIfPanel({ policy }: { readonly policy: Policy | null }): VNode {
  const [text, setText] = useState(EXAMPLE);
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const [wrong, setWrong] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const names = (Object.keys(ROUTERS) as RouterName[]).filter((name) => name === 'active' || isHeld(policy, name));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      JSON.parse(text);
      setWrong(null);
    } catch (error) {
      setWrong(`this is no json: ${(error as Error).message}`);
      return;
    }
    setBusy(true);
    setOutcomes(await Promise.all(names.map((router) => decide(router, text))));
    setBusy(false);
  };
  const targets = new Set(outcomes.map(nameOutcome));
  return html`
    <${Panel} id="what-if" title="What would happen" lead="Paste a request: it is decided under every policy at hand, and sent nowhere.">
      <form onSubmit=${submit}>
        <label>Request, as JSON
          <textarea rows="7" spellcheck=${false} value=${text} onInput=${(event: Event) => setText((event.target as HTMLTextAreaElement).value)} aria-invalid=${wrong === null ? undefined : 'true'} aria-describedby="what-if-note"></textarea>
        </label>
        <small id="what-if-note" role="status" class=${wrong === null ? '' : 'problem'}>${wrong ?? html`A body of <code>/v1/chat/completions</code> or <code>/v1/embeddings</code>.`}</small>
        <button type="submit" aria-busy=${isBusy} disabled=${isBusy}>Decide</button>
      </form>
      <div class="outcomes" role="status">
        ${outcomes.length > 1 ? html`<p>${targets.size === 1 ? 'All decide alike.' : html`<strong>They decide differently.</strong>`}</p>` : null}
        ${outcomes.map(
          (outcome) => html`
          <details key=${outcome.router} open=${outcome.router === 'active'}>
            <summary>
              Under ${ROUTERS[outcome.router]}: ${outcome.explanation === null ? 'no decision' : html`<${Badge} tone=${TONES[outcome.explanation.decision.decision]}>${outcome.explanation.decision.decision}</${Badge}>`} ${nameTarget(outcome)}
            </summary>
            ${outcome.problem === null ? null : html`<p class="problem">${outcome.problem.message}</p>`}
            ${outcome.explanation === null ? null : html`<${Why} explanation=${outcome.explanation} />`}
          </details>`,
        )}
      </div>
    </${Panel}>
  ` as VNode;
}

/** A canary that is over is told of, and decides nothing any more. */
function isHeld(policy: Policy | null, name: RouterName): boolean {
  if (name === 'canary') return policy?.canary?.state === 'open' || policy?.canary?.state === 'passed';
  return Boolean(policy?.[name]);
}

async function decide(router: RouterName, body: string): Promise<Outcome> {
  const path = router === 'active' ? '/v1/route' : `/v1/route?policy=${router}`;
  try {
    return { router, explanation: await askJson<Explanation>(path, { method: 'POST', body }), problem: null };
  } catch (error) {
    return { router, explanation: null, problem: error as Problem };
  }
}

function nameTarget({ explanation }: Outcome): string {
  if (explanation === null || explanation.decision.decision === 'reject') return '';
  return explanation.decision.target;
}

function nameOutcome(outcome: Outcome): string {
  return `${outcome.explanation?.decision.decision ?? outcome.problem?.message} ${nameTarget(outcome)}`;
}
