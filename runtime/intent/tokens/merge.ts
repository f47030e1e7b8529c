import { NO_RANK, type Vocabulary } from './vocabulary.ts';

/** Bytes of the longest pre-token that is merged. */
export const MAX_MERGE = 4096;

/** Up to here a linear search for the lowest rank beats the heap. */
const SMALL = 48;

const POSITION_BITS = 12;
const POSITION = MAX_MERGE - 1;

// Working memory of the one merge that is running. By position of a part's first byte:
const ranks = new Int32Array(MAX_MERGE + 1); // rank of the pair that begins here
const nexts = new Int32Array(MAX_MERGE + 1); // where the following part begins
const previous = new Int32Array(MAX_MERGE + 1); // where the part before begins; -1 at the first
// Pairs ever made: one per pair of bytes and two per merge.
const heap = new Int32Array(3 * MAX_MERGE);

/**
 * Number of tokens that byte pair encoding makes of the bytes `start` to `end` (at most `MAX_MERGE`): the pair of lowest rank is
 * merged first, the leftmost among equals, until no pair is a token.
 */
export function countMerged(vocabulary: Vocabulary, bytes: Uint8Array, start: number, end: number): number {
  return end - start <= SMALL ? mergeSmall(vocabulary, bytes, start, end) : mergeLarge(vocabulary, bytes, start, end);
}

/** Parts side by side in an array; quadratic, but without a heap's constant. */
function mergeSmall(vocabulary: Vocabulary, bytes: Uint8Array, start: number, end: number): number {
  let parts = end - start;
  // nexts[i]: first byte of part i.
  for (let i = 0; i < parts; i++) nexts[i] = start + i;
  nexts[parts] = end;
  for (let i = 0; i < parts - 1; i++) ranks[i] = vocabulary.rankOfPair(bytes[start + i], bytes[start + i + 1]);
  for (;;) {
    let lowest = NO_RANK;
    let at = 0;
    for (let i = 0; i < parts - 1; i++) {
      if (ranks[i] < lowest) {
        lowest = ranks[i];
        at = i;
      }
    }
    if (lowest === NO_RANK) return parts;
    parts--;
    for (let i = at + 1; i < parts; i++) {
      nexts[i] = nexts[i + 1];
      ranks[i] = ranks[i + 1];
    }
    nexts[parts] = end;
    if (at > 0) ranks[at - 1] = vocabulary.rankOf(bytes, nexts[at - 1], nexts[at + 1]);
    if (at < parts - 1) ranks[at] = vocabulary.rankOf(bytes, nexts[at], nexts[at + 2]);
  }
}

/** Parts as a linked list, pairs in a binary heap ordered by rank, then position; a pair that has changed since is skipped when it comes up. */
function mergeLarge(vocabulary: Vocabulary, bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  let held = 0;
  for (let i = 0; i < size; i++) {
    nexts[i] = i + 1;
    previous[i] = i - 1;
    ranks[i] = i + 1 < size ? vocabulary.rankOfPair(bytes[start + i], bytes[start + i + 1]) : NO_RANK;
    if (ranks[i] !== NO_RANK) heap[held++] = (ranks[i] << POSITION_BITS) | i;
  }
  for (let i = (held >> 1) - 1; i >= 0; i--) sink(i, held);
  let parts = size;
  while (held > 0) {
    const top = heap[0];
    heap[0] = heap[--held];
    sink(0, held);
    const at = top & POSITION;
    if (ranks[at] !== top >> POSITION_BITS) continue;
    parts--;
    const gone = nexts[at];
    const next = nexts[gone];
    ranks[gone] = NO_RANK;
    nexts[at] = next;
    if (next < size) {
      previous[next] = at;
      ranks[at] = vocabulary.rankOf(bytes, start + at, start + nexts[next]);
      if (ranks[at] !== NO_RANK) held = rise(held, (ranks[at] << POSITION_BITS) | at);
    } else ranks[at] = NO_RANK;
    const before = previous[at];
    if (before >= 0) {
      ranks[before] = vocabulary.rankOf(bytes, start + before, start + next);
      if (ranks[before] !== NO_RANK) held = rise(held, (ranks[before] << POSITION_BITS) | before);
    }
  }
  return parts;
}

function sink(from: number, held: number): void {
  const key = heap[from];
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= held) break;
    if (child + 1 < held && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= key) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = key;
}

function rise(held: number, key: number): number {
  let at = held;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent] <= key) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = key;
  return held + 1;
}
