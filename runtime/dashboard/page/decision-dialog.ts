import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { DecisionLine } from '../../../schema/decision-line.ts';
import { askJson } from './ask.ts';
import { Dialog } from './dialog.ts';
import type { Explanation } from './explanation.ts';
import type { Problem } from './problem.ts';
import { Why } from './why.ts';

/** `GET /v1/decisions/{request_id}`: all decisions of a request, since one that fails over has several. */
interface Told {
  readonly decisions: readonly {
    readonly decision: DecisionLine;
    readonly explanation: Omit<Explanation, 'policy'> | null;
    readonly missing: string | null;
  }[];
}

/** Why a request's decisions came out as they did, asked for when somebody wants to know. */
export function DecisionDialog({ line, onClose }: { readonly line: DecisionLine; readonly onClose: () => void }): VNode {
  const [found, setFound] = useState<{ told: Told | null; problem: Problem | null }>({ told: null, problem: null });
  useEffect(() => {
    askJson<Told>(`/v1/decisions/${encodeURIComponent(line.request_id)}`).then(
      (told) => setFound({ told, problem: null }),
      (problem: Problem) => setFound({ told: null, problem }),
    );
  }, [line.request_id]);
  const { told, problem } = found;
  return html`
    <${Dialog} title="Why" onClose=${onClose}>
      <p class="quiet">Request <code>${line.request_id}</code>${line.caller === null ? '' : ` of ${line.caller}`}, ${line.time}</p>
      ${problem === null ? null : html`<p class="problem">${problem.message}</p>`}
      ${told === null && problem === null ? html`<p aria-busy="true">one moment</p>` : null}
      ${(told?.decisions ?? []).map(
        ({ decision, explanation, missing }, at, all) => html`
          <section key=${at}>
            ${all.length > 1 ? html`<h3>Decision ${at + 1} of ${all.length}${decision.excluded.length > 0 ? ', after a failure' : ''}</h3>` : null}
            ${explanation === null ? html`<p class="quiet">${missing}</p>` : html`<${Why} explanation=${{ ...explanation, policy: decision.router, decision_time_us: decision.decision_us }} />`}
          </section>
        `,
      )}
    </${Dialog}>
  ` as VNode;
}
