/** Ms that a run has to end when its lease is over: asked nicely, then by force, by a keeper that looks from time to time. */
const ENDING = 7_000;
/** Clocks of two machines go alike but for this share. */
const DRIFT = 0.02;

/** Ms after the last token of a peer until no run that it was for can be alive there. */
export function fenceOf(lease: number): number {
  return Math.ceil(lease * (1 + DRIFT)) + ENDING;
}
