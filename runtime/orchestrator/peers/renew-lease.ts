/**
 * Until when a lease lives that is renewed with a token: for its time from when the host said the token, not from when it heard it again. So
 * an owner that knows when the token came to it knows the latest end, however long its own words travel.
 *
 * @param said By the host's clock, in ms, as all of them; what it cannot have said yet counts as said now.
 * @returns null where it has ended, which is for ever.
 */
export function renewLease(expires: number, said: number, now: number, lease: number): number | null {
  if (now >= expires) return null;
  return Math.max(expires, Math.min(said, now) + lease);
}
