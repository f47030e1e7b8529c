import type { RequestNotes } from '../translate/request-notes.ts';

/** Tells which constraints of a schema could not be said, such as `tools-schema-loosened=maxlength+pattern`. */
export function warnOfDropped(place: string, dropped: ReadonlySet<string>, notes: RequestNotes): void {
  if (dropped.size > 0) notes.warn(`${place}-schema-loosened=${[...dropped].sort().join('+').toLowerCase()}`);
}
