import { randomBytes } from 'node:crypto';

let last = 0;
let count = 0;

/**
 * A UUID of version 7 (RFC 9562, section 5.7): sorted by time, those of one process in one ms by a counter of 12 bits. Databases keep such
 * keys together, and pg-boss delivers in the order of its ids what was sent in one transaction.
 */
export function makeId(now: number = Date.now()): string {
  if (now > last) {
    last = now;
    count = 0;
  } else if (++count === 0x1000) {
    // More in one ms than the counter holds: they borrow from the next.
    last++;
    count = 0;
  }
  const time = last.toString(16).padStart(12, '0');
  const rest = randomBytes(8);
  rest[0] = (rest[0] & 0x3f) | 0x80;
  const tail = rest.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}
