import { GCProfiler, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes that `run` allocates on the heap: growth of the used heap, plus what collections took away meanwhile. Optimized code is asked
 * for first, by `warm` calls of `run`; what the measurement itself allocates is measured with an empty run and subtracted.
 */
export function countBytes(run: () => unknown, warm = 10): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < warm; i++) run();
  measure(() => undefined, collect);
  const own = measure(() => undefined, collect);
  return Math.max(0, measure(run, collect) - own);
}

function measure(run: () => unknown, collect: () => void): number {
  collect();
  collect();
  const profiler = new GCProfiler();
  profiler.start();
  const before = getHeapStatistics().used_heap_size;
  run();
  const after = getHeapStatistics().used_heap_size;
  const { statistics } = profiler.stop();
  const collected = statistics.reduce(
    (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  );
  return after - before + collected;
}
