import { readdirSync, readFileSync } from 'node:fs';

/** Processes with `word` in their command line or in the environment that they began with. */
export function findProcesses(word: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const found = command.includes(word) || readFileSync(`/proc/${name}/environ`, 'utf8').includes(word);
        return found ? [{ pid: Number(name), command }] : [];
      } catch {
        return [];
      }
    });
}

/** Shims of the runs below `folder`. */
export function findShims(folder: string): number[] {
  return findProcesses(folder)
    .filter(({ command }) => command.includes('shim.js'))
    .map(({ pid }) => pid);
}
