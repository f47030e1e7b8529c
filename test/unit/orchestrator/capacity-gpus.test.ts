import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseNvidia, readGpus } from '../../../runtime/orchestrator/capacity/read-gpus.ts';
import { makeTree } from './tree.ts';

const MIB = 2 ** 20;
const CARD = 'sys/class/drm/card1/device';

/** A program in place of `nvidia-smi`. */
function makeProgram(script: string): string {
  const program = join(makeTree({}), 'nvidia-smi');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return program;
}

describe('GPUs', () => {
  test('of NVIDIA: as nvidia-smi prints them', () => {
    expect(parseNvidia('NVIDIA A100-SXM4-40GB, 40960, 1024, 37\nNVIDIA GeForce RTX 4090, 24564, 24564, 100\n')).toEqual([
      { name: 'NVIDIA A100-SXM4-40GB', vendor: 'nvidia', memoryBytes: 40_960 * MIB, freeMemoryBytes: 39_936 * MIB, load: 0.37 },
      { name: 'NVIDIA GeForce RTX 4090', vendor: 'nvidia', memoryBytes: 24_564 * MIB, freeMemoryBytes: 0, load: 1 },
    ]);
  });

  test('of NVIDIA: what it cannot tell is null; what is no line of a GPU is none', () => {
    expect(parseNvidia('NVIDIA GB10, [N/A], [N/A], [N/A]')).toEqual([
      { name: 'NVIDIA GB10', vendor: 'nvidia', memoryBytes: null, freeMemoryBytes: null, load: null },
    ]);
    expect(parseNvidia('No devices were found\n')).toEqual([]);
    expect(parseNvidia('')).toEqual([]);
  });

  test('of NVIDIA: the program is asked as documented', async () => {
    const program = makeProgram(
      'case "$*" in "--query-gpu=name,memory.total,memory.used,utilization.gpu --format=csv,noheader,nounits") echo "Tesla T4, 15360, 0, 0";; esac',
    );
    expect((await readGpus('/nowhere', program)).map(({ name }) => name)).toEqual(['Tesla T4']);
  });

  test('a program that fails, floods or is not there means none', async () => {
    expect(await readGpus('/nowhere', '/nowhere/nvidia-smi')).toEqual([]);
    expect(await readGpus('/nowhere', makeProgram('echo "Tesla T4, 1, 1, 1"; exit 9'))).toEqual([]);
    expect(await readGpus('/nowhere', makeProgram('while :; do echo "Tesla T4, 1, 1, 1"; done'))).toEqual([]);
  });

  test('a program that hangs is left after five seconds', { timeout: 30_000 }, async () => {
    const before = performance.now();
    expect(await readGpus('/nowhere', makeProgram('exec sleep 60'))).toEqual([]);
    expect(performance.now() - before).toBeGreaterThan(4_000);
  });

  test('of AMD: cards with memory of their own, as the kernel tells', async () => {
    const root = makeTree({
      [`${CARD}/vendor`]: '0x1002\n',
      [`${CARD}/product_name`]: 'AMD Instinct MI210\n',
      [`${CARD}/mem_info_vram_total`]: `${64 * 1024 * MIB}\n`,
      [`${CARD}/mem_info_vram_used`]: `${1024 * MIB}\n`,
      [`${CARD}/gpu_busy_percent`]: '12\n',
      'sys/class/drm/card0/device/vendor': '0x8086\n',
      'sys/class/drm/card1-DP-1/device/vendor': '0x1002\n',
      'sys/class/drm/card2/device/vendor': '0x1002\n',
      'sys/class/drm/card2/device/mem_info_vram_total': 'garbage\n',
    });
    expect(await readGpus(root, '/nowhere/nvidia-smi')).toEqual([
      { name: 'AMD Instinct MI210', vendor: 'amd', memoryBytes: 64 * 1024 * MIB, freeMemoryBytes: 63 * 1024 * MIB, load: 0.12 },
    ]);
  });
});
