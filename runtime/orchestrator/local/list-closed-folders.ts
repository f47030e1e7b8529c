import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Identity } from './run-record.ts';

/** The folders on the way to `path` that a user may not pass: where there are any, it reaches `path` as its working folder only. */
export function listClosedFolders(path: string, { uid, gid }: Identity): string[] {
  const closed: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    const { mode, uid: owner, gid: group } = statSync(at);
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) closed.push(at);
    if (at === dirname(at)) return closed.reverse();
  }
}
