import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Context } from '../context/context.ts';
import type { FrameLog } from '../frame.ts';
import type { ControlDesk } from './control-desk.ts';

/** How long a workload waits for its context pack, ms. */
const PATIENCE = 15_000;

/** Makes the context pack that a workload asks for, before it starts. Where that fails it starts without, and its stream says so. */
export function prepareContext(
  context: Pick<Context, 'makePack'>,
  frames: FrameLog,
  log: Logger,
  patience = PATIENCE,
): NonNullable<ControlDesk['prepare']> {
  return async ({ id, caller }, { context: asked, privacy }, signal) => {
    if (asked === null) return;
    const over = new AbortController();
    const late = sleep(patience, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false }).then(() => {
      throw new Error(`it was not ready within ${patience / 1_000} s`);
    });
    try {
      const { tokens, items } = await Promise.race([context.makePack(id, caller, asked.query, asked.tokens, privacy), late]);
      await frames.append(id, caller, 'status', { context: 'ready', tokens, items: items.length });
    } catch (error) {
      if (signal.aborted) return;
      const reason = (error as Error).message;
      log.warn({ job: id, error: reason }, 'context pack cannot be made');
      await frames.append(id, caller, 'status', { context: 'missing', reason });
    } finally {
      over.abort();
      late.catch(() => {});
    }
  };
}
