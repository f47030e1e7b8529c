/** Longest term, in UTF-16 code units: what is longer is cut. */
const LONGEST = 64;

const WORDS = /[\p{L}\p{M}\p{N}_]+/gu;
/** Scripts that are written without spaces between words: they are searched for by pairs of characters. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u;
/** Borders within `parseHttpBody`, `HTTPServer`, `utf8Text`. */
const HUMPS = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;

/**
 * The words of a text as it is searched for, with how often each occurs: without case and without width, plurals of English as their
 * singular, names of code whole and by their parts. The same for documents and for queries, on every database.
 */
export function readTerms(text: string): Map<string, number> {
  const terms = new Map<string, number>();
  const add = (term: string): void => {
    const kept = term.slice(0, LONGEST);
    if (kept !== '') terms.set(kept, (terms.get(kept) ?? 0) + 1);
  };
  for (const [word] of text.normalize('NFKC').toWellFormed().matchAll(WORDS)) {
    if (UNSPACED.test(word)) {
      const characters = [...word.toLowerCase()];
      if (characters.length === 1) add(characters[0]);
      for (let i = 1; i < characters.length; i++) add(characters[i - 1] + characters[i]);
      continue;
    }
    const parts = word.length > LONGEST ? [word] : word.split('_').flatMap((part) => part.split(HUMPS));
    const whole = word.replaceAll('_', '');
    add(toSingular(whole.toLowerCase()));
    if (parts.length > 1) for (const part of parts) add(toSingular(part.toLowerCase()));
  }
  return terms;
}

/** Donna Harman, "How effective is suffixing?", 1991: the S stemmer. It only joins what is nearly always the same word. */
function toSingular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (/[^ea]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  // Beyond the paper: `classes`, `boxes`, `matches`.
  if (/(ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  if (/[^aeo]es$/.test(word)) return word.slice(0, -1);
  if (/[^us]s$/.test(word)) return word.slice(0, -1);
  return word;
}
