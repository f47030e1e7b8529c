import type { ComponentChildren, VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.ts';
import type { Problem } from './problem.ts';
import { Words } from './words.ts';

export interface ConfirmDialogProps {
  /** What is done, as its button says it. */
  readonly title: string;
  /** What the other button says. */
  readonly keep: string;
  /** A reason is asked for, and this one proposed: it stands in the record of what was changed. */
  readonly reason?: string;
  /** @throws Problem which is told in place, and the dialog stays. */
  readonly act: (reason: string) => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** The longest reason that the server takes. */
const LONGEST = 1_000;

/** A second look before something is changed. */
export function ConfirmDialog({ title, keep, reason, act, onDone, onClose, children }: ConfirmDialogProps): VNode {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget as HTMLFormElement).get('reason');
    setBusy(true);
    try {
      await act(String(typed ?? '').trim() || (reason ?? ''));
      onClose();
      onDone();
    } catch (error) {
      setProblem((error as Problem).message);
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${title} onClose=${onClose}
      actions=${html`
        <button type="button" class="secondary outline" onClick=${onClose}>${keep}</button>
        <button type="submit" form="confirmation" aria-busy=${isBusy} disabled=${isBusy}>${title}</button>
      `}>
      ${children}
      <form id="confirmation" onSubmit=${submit}>
        ${reason === undefined ? null : html`<label>Reason, for the record<input name="reason" autocomplete="off" maxlength=${LONGEST} defaultValue=${reason} /></label>`}
      </form>
      ${problem === null ? null : html`<p class="problem" role="alert"><${Words} text=${problem} /></p>`}
    </${Dialog}>
  ` as VNode;
}
