import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { ask } from './ask.ts';
import { ConfirmDialog } from './confirm-dialog.ts';

export interface RollbackButtonProps {
  readonly active: string;
  readonly previous: string;
  readonly onChange: () => void;
}

/** Back to the previous policy, after a second look. The server refuses it where another policy came in between. */
export function RollbackButton({ active, previous, onChange }: RollbackButtonProps): VNode {
  const [asked, setAsked] = useState<{ readonly active: string; readonly previous: string } | null>(null);
  return html`
    <button type="button" class="secondary" onClick=${() => setAsked({ active, previous })}>Roll back</button>
    ${
      asked === null
        ? null
        : html`
      <${ConfirmDialog} title="Roll back" keep="Keep it" onDone=${onChange} onClose=${() => setAsked(null)}
        act=${() => ask('/v1/policy/rollback', { method: 'POST', ifMatch: `"${asked.active}"` })}>
        <p><code>${asked.previous.slice(0, 12)}</code> serves again in place of <code>${asked.active.slice(0, 12)}</code>. No request is lost; a second rollback undoes the first.</p>
      </${ConfirmDialog}>
    `
    }
  ` as VNode;
}
