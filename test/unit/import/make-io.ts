import { Readable } from 'node:stream';
import type { Io } from '../../../compiler/cli/command.ts';

/** A world for a command, in a folder; what it prints is kept. */
export function makeIo(cwd: string, stdin = ''): { readonly io: Io; readonly written: { out: string; err: string } } {
  const written = { out: '', err: '' };
  const stream = (to: 'out' | 'err') => ({
    write(text: string) {
      written[to] += text;
      return true;
    },
  });
  return { io: { cwd, env: {}, stdin: Readable.from([stdin]), stdout: stream('out'), stderr: stream('err') }, written };
}
