import { type FSWatcher, watch } from 'node:fs';

/** Time in which the writes of one change are taken together, in ms. */
const SETTLE = 60;
/** The backstop where the system tells nothing: network folders, mounted volumes, a folder that was replaced. */
const POLL = 500;

/**
 * Calls `look` soon after something in the folder may have changed, and at least every half second; never twice at once.
 * `look` must find out by itself, and cheaply, whether anything did. The folder, not its files, is watched: files are replaced by
 * rename, and Kubernetes replaces the link `..data` behind them.
 *
 * @returns the way to stop it.
 */
export function watchFolder(folder: string, recursive: boolean, look: () => Promise<void>): () => void {
  let watcher: FSWatcher | null = null;
  let settle: NodeJS.Timeout | null = null;
  let running = false;
  let again = false;
  let stopped = false;

  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await look();
    } while (again && !stopped);
    running = false;
  };
  const soon = (): void => {
    settle ??= setTimeout(() => {
      settle = null;
      void run();
    }, SETTLE);
  };
  const arm = (): void => {
    try {
      watcher = watch(folder, { recursive, persistent: false }, soon);
      const drop = (): void => {
        watcher?.close();
        watcher = null;
      };
      watcher.on('error', drop).on('close', () => (watcher = null));
    } catch {
      watcher = null;
    }
  };
  arm();
  const poll = setInterval(() => {
    if (watcher === null) arm();
    if (!running) void run();
  }, POLL);
  poll.unref();
  return () => {
    stopped = true;
    watcher?.close();
    clearInterval(poll);
    if (settle) clearTimeout(settle);
  };
}
