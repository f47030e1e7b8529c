import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Dialog } from './dialog.ts';

export interface KeyDialogProps {
  readonly hasKey: boolean;
  readonly onEnter: (key: string | null) => void;
  readonly onClose: () => void;
}

/** Asks for a caller's key. It is sent to this server only, and kept until the tab is closed. */
export function KeyDialog({ hasKey, onEnter, onClose }: KeyDialogProps): VNode {
  const submit = (event: Event): void => {
    event.preventDefault();
    // What stands in the field, not what was last drawn: Enter may come before the page has caught up with the typing.
    const typed = String(new FormData(event.currentTarget as HTMLFormElement).get('key')).trim();
    if (typed !== '') onEnter(typed);
  };
  return html`
    <${Dialog} title="Key" onClose=${onClose}>
      <form onSubmit=${submit}>
        <label>A caller's key of the policy
          <input name="key" type="password" autofocus autocomplete="off" spellcheck=${false} aria-describedby="key-note" />
        </label>
        <small id="key-note">With scope <code>admin</code> everything is shown, and what has a button can be changed. It stays in this tab, and goes nowhere but to this server.</small>
        <div class="actions">
          <button type="submit">Use it</button>
          ${hasKey ? html`<button type="button" class="secondary outline" onClick=${() => onEnter(null)}>Forget it</button>` : null}
        </div>
      </form>
    </${Dialog}>
  ` as VNode;
}
