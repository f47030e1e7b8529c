/**
 * Loaded into a policyd before it starts (`--import`): the most CPU time that its event loop spent before it came back to a timer, in ms.
 * CPU time, since on a busy machine a thread is kept waiting without having done anything. `SIGWINCH` prints it and begins anew.
 */
let last = process.threadCpuUsage();
let worst = 0;

setInterval(() => {
  const now = process.threadCpuUsage();
  worst = Math.max(worst, (now.user + now.system - last.user - last.system) / 1e3);
  last = now;
}, 1).unref();

process.on('SIGWINCH', () => {
  process.stderr.write(`blocked ${worst.toFixed(2)} ms\n`);
  worst = 0;
});
