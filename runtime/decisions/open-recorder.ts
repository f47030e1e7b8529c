import type { Config } from '../config/config.ts';
import { DecisionLog } from './decision-log.ts';
import { DecisionRecorder } from './decision-recorder.ts';

/** Bytes of decisions that wait for the disk: some ten thousand of them. */
const MOST_WAITING = 8 << 20;

/** Log and recorder as the configuration asks for them. */
export function openRecorder(config: Config): { readonly log: DecisionLog | null; readonly recorder: DecisionRecorder } {
  const { decisionLog: folder, decisionSample: sample, decisionLogSize: maxBytes, decisionLogKeep: keep } = config;
  const log = folder === 'off' ? null : new DecisionLog({ folder, sample, maxBytes, keep, maxWaiting: MOST_WAITING });
  return { log, recorder: new DecisionRecorder(log, config.decisionRing) };
}
