import type { Zone } from '../../schema/vocabulary.ts';

/** What a decision came to; `target` null = it turned the request away. */
export interface Verdict {
  /** `backend/model`. */
  readonly target: string | null;
  readonly zone: Zone | null;
  /** Traffic policy that matched; null where the request's names were not even known. */
  readonly policy: string | null;
}

export const DIRECTIONS = ['loosens', 'tightens', 'moves'] as const;
export type Direction = (typeof DIRECTIONS)[number];
/** `cloud`: whether the request leaves the restricted zone; `answer`: whether it gets one; `first`: who is asked first. */
export const DIVERGENCE_KINDS = ['cloud', 'answer', 'first'] as const;
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number];

/** Requests that two routers decide differently in the same way. */
export interface DivergenceClass {
  readonly direction: Direction;
  readonly kind: DivergenceKind;
  readonly policies: { readonly live: string | null; readonly other: string | null };
  readonly decisions: number;
  /** Where they went and would have gone, the most frequent first. */
  readonly moves: readonly { readonly live: string | null; readonly other: string | null; readonly decisions: number }[];
  /** Ids of the first requests. */
  readonly examples: readonly string[];
}

export interface DivergenceReport {
  readonly decisions: number;
  readonly same: number;
  readonly different: number;
  /** Requests that each turned away. */
  readonly rejects: { readonly live: number; readonly other: number };
  /** The most frequent first. */
  readonly classes: readonly DivergenceClass[];
}

const MOST_CLASSES = 200;
const MOST_MOVES = 50;
const MOST_EXAMPLES = 5;

interface Draft extends Omit<DivergenceClass, 'moves' | 'decisions' | 'examples'> {
  decisions: number;
  readonly moves: Map<string, { readonly live: string | null; readonly other: string | null; decisions: number }>;
  readonly examples: string[];
}

/** Sorts the differences between two routers' decisions; bounded: classes and moves beyond are counted, and not told apart. */
export class Divergence {
  readonly #classes = new Map<string, Draft>();
  readonly #rejects = { live: 0, other: 0 };
  #decisions = 0;
  #same = 0;

  add(requestId: string, live: Verdict, other: Verdict): void {
    this.#decisions++;
    if (live.target === null) this.#rejects.live++;
    if (other.target === null) this.#rejects.other++;
    if (live.target === other.target) this.#same++;
    else this.#sort(requestId, live, other);
  }

  report(): DivergenceReport {
    const most = (a: { readonly decisions: number }, b: { readonly decisions: number }): number => b.decisions - a.decisions;
    return {
      decisions: this.#decisions,
      same: this.#same,
      different: this.#decisions - this.#same,
      rejects: { ...this.#rejects },
      classes: [...this.#classes.values()]
        .map((draft) => ({ ...draft, moves: [...draft.moves.values()].sort(most), examples: [...draft.examples] }))
        .sort(most),
    };
  }

  #sort(requestId: string, live: Verdict, other: Verdict): void {
    const { direction, kind } = judge(live, other);
    const key = `${direction} ${kind} ${live.policy} → ${other.policy}`;
    let draft = this.#classes.get(key);
    if (draft === undefined) {
      if (this.#classes.size >= MOST_CLASSES) return;
      draft = { direction, kind, policies: { live: live.policy, other: other.policy }, decisions: 0, moves: new Map(), examples: [] };
      this.#classes.set(key, draft);
    }
    draft.decisions++;
    if (draft.examples.length < MOST_EXAMPLES) draft.examples.push(requestId);
    const way = `${live.target} → ${other.target}`;
    const move = draft.moves.get(way);
    if (move) move.decisions++;
    else if (draft.moves.size < MOST_MOVES) draft.moves.set(way, { live: live.target, other: other.target, decisions: 1 });
  }
}

/** Two decisions alone tell less than two policies do: where it went, and where it would have gone. As `policyc replay` sorts them. */
function judge(live: Verdict, other: Verdict): { direction: Direction; kind: DivergenceKind } {
  if (other.target === null) return { direction: 'tightens', kind: 'answer' };
  if (other.zone === 'open' && live.zone !== 'open') return { direction: 'loosens', kind: 'cloud' };
  if (live.target === null) return { direction: 'loosens', kind: 'answer' };
  if (live.zone === 'open' && other.zone !== 'open') return { direction: 'tightens', kind: 'cloud' };
  return { direction: 'moves', kind: 'first' };
}
