import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './read-cgroups.ts';

/** A GPU that workloads can use. */
export interface Gpu {
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd';
  /** Bytes; null = it is not told. */
  readonly memoryBytes: number | null;
  readonly freeMemoryBytes: number | null;
  /** Share of the time in which it was busy, 0..1. */
  readonly load: number | null;
}

/** Most that are told of. */
const MOST = 64;
const QUERY = ['--query-gpu=name,memory.total,memory.used,utilization.gpu', '--format=csv,noheader,nounits'];
const AMD = '0x1002';

/**
 * GPUs of NVIDIA as `nvidia-smi` tells them, of AMD as the kernel does. A machine without any costs a failed look for a program and for a
 * folder; a driver that hangs, five seconds and nothing else.
 */
export async function readGpus(root = '/', nvidiaSmi = 'nvidia-smi'): Promise<Gpu[]> {
  return [...(await askNvidia(nvidiaSmi)), ...readAmd(root)].slice(0, MOST);
}

function askNvidia(program: string): Promise<Gpu[]> {
  return new Promise((resolve) => {
    const options = { timeout: 5_000, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 } as const;
    execFile(program, QUERY, options, (error, words) => resolve(error ? [] : parseNvidia(words)));
  });
}

/** Lines as `NVIDIA A100-SXM4-40GB, 40960, 1024, 37`: MiB and percent; `[N/A]` where it cannot tell. */
export function parseNvidia(text: string): Gpu[] {
  return text.split('\n').flatMap((line): Gpu[] => {
    const parts = line.split(',').map((part) => part.trim());
    if (parts.length < 4 || parts[0] === '') return [];
    const [total, used, busy] = parts.slice(-3).map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : null));
    const name = parts.slice(0, -3).join(', ').slice(0, 128);
    const free = total !== null && used !== null ? Math.max(0, total - used) * 2 ** 20 : null;
    return [
      {
        name,
        vendor: 'nvidia',
        memoryBytes: total === null ? null : total * 2 ** 20,
        freeMemoryBytes: free,
        load: busy === null ? null : Math.min(1, busy / 100),
      },
    ];
  });
}

/** Cards of AMD with memory of their own: those are what ROCm runs on (amdgpu's files in `/sys/class/drm/card<n>/device`). */
function readAmd(root: string): Gpu[] {
  const folder = join(root, 'sys/class/drm');
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => /^card\d+$/.test(name))
      .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
  } catch {
    return [];
  }
  return names.flatMap((name): Gpu[] => {
    const read = (file: string): string | null => readText(join(folder, name, 'device', file))?.trim() ?? null;
    const number = (file: string): number | null => (/^\d+$/.test(read(file) ?? '') ? Number(read(file)) : null);
    if (read('vendor') !== AMD) return [];
    const total = number('mem_info_vram_total');
    if (total === null || total === 0) return [];
    const used = number('mem_info_vram_used');
    const busy = number('gpu_busy_percent');
    return [
      {
        name: read('product_name') || 'AMD GPU',
        vendor: 'amd',
        memoryBytes: total,
        freeMemoryBytes: used === null ? null : Math.max(0, total - used),
        load: busy === null ? null : Math.min(1, busy / 100),
      },
    ];
  });
}
