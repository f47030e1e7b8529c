const MARK = /__(?:claude|thought)__/;

/**
 * What a dialect hung on a call's id, apart from the id: it travels as `encrypted_content` of a reasoning item where the caller asked for
 * that, and as part of the id otherwise.
 */
export function splitCarried(id: string): { readonly id: string; readonly carried: string | null } {
  const mark = id.includes('__') ? id.search(MARK) : -1;
  return mark === -1 ? { id, carried: null } : { id: id.slice(0, mark), carried: id.slice(mark) };
}

/** `encrypted_content` that we gave out. */
export function isCarried(text: string): boolean {
  return text.search(MARK) === 0;
}
