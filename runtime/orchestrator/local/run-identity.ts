import type { Identity } from './run-record.ts';

/** `nobody` and `nogroup`, on every system that has them. */
const NOBODY: Identity = { uid: 65_534, gid: 65_534 };

/**
 * As whom runs are started: null = as this process's own user, who is not root. `text`: `--run-as`, `<uid>:<gid>`; null = not given. What is
 * wrong is added to `problems`.
 */
export function readRunIdentity(
  text: string | null,
  problems: string[],
  own = { uid: process.getuid!(), gid: process.getgid!() },
): Identity | null {
  if (text === null) return own.uid === 0 ? NOBODY : null;
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  const identity = { uid: Number(uid), gid: Number(gid) };
  if (uid === undefined || identity.uid >= 2 ** 32 - 1 || identity.gid >= 2 ** 32 - 1) {
    problems.push(`\`--run-as\` must be a user's and a group's number, like \`65534:65534\`, not \`${text}\``);
    return null;
  }
  if (identity.uid === 0) problems.push('`--run-as` must not be root: a workload could change everything here, policyd included');
  if (own.uid === 0) return identity;
  if (identity.uid !== own.uid || identity.gid !== own.gid) {
    problems.push(`\`--run-as\` \`${text}\` needs root, and policyd is ${own.uid}:${own.gid}: leave it out, or start policyd as root`);
  }
  return null;
}
