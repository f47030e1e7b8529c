import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { ask } from './ask.ts';
import { ConfirmDialog } from './confirm-dialog.ts';

export interface CanaryButtonsProps {
  readonly hash: string;
  readonly active: string;
  /** It serves somebody: one that is over can't be changed any more. */
  readonly isOpen: boolean;
  readonly onChange: () => void;
}

interface Asked {
  readonly step: 'promote' | 'abort';
  readonly hash: string;
  readonly active: string;
}

/** Puts a canary in force for all callers, or takes it away, after a second look. The server refuses both where it is another one by now. */
export function CanaryButtons({ hash, active, isOpen, onChange }: CanaryButtonsProps): VNode {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = (): void => setAsked(null);
  const change = (method: string, body?: string): Promise<unknown> =>
    ask('/v1/policy/canary', { method, ifMatch: `"${asked!.hash}"`, ...(body === undefined ? {} : { body }) });
  return html`
    ${
      isOpen
        ? html`
      <p class="tools">
        <button type="button" class="outline" onClick=${() => setAsked({ step: 'promote', hash, active })}>Promote the canary</button>
        <button type="button" class="secondary outline" onClick=${() => setAsked({ step: 'abort', hash, active })}>Abort the canary</button>
      </p>`
        : null
    }
    ${
      asked?.step === 'promote'
        ? html`
      <${ConfirmDialog} title="Promote" keep="Leave it a canary" onDone=${onChange} onClose=${close} act=${() => change('PUT', JSON.stringify({ percent: 100 }))}>
        <p><code>${asked.hash.slice(0, 12)}</code> serves every caller in place of <code>${asked.active.slice(0, 12)}</code>, under the watch window. No request is lost, and a rollback undoes it.</p>
      </${ConfirmDialog}>`
        : null
    }
    ${
      asked?.step === 'abort'
        ? html`
      <${ConfirmDialog} title="Abort" keep="Let it go on" onDone=${onChange} onClose=${close} act=${() => change('DELETE')}>
        <p><code>${asked.active.slice(0, 12)}</code> serves every caller again. Requests that <code>${asked.hash.slice(0, 12)}</code> has begun end where they are.</p>
      </${ConfirmDialog}>`
        : null
    }
  ` as VNode;
}
