import picomatch from 'picomatch';

/** What a `*` means, everywhere in the language: it does not cross `/`, a leading dot is nothing special, a trailing `/` counts. */
export const GLOB_OPTIONS = { dot: true, strictSlashes: true } as const;

export const LONGEST_GLOB = 256;

/** Each `*` multiplies what a backtracking matcher may try on a name of n characters by up to n. */
const MOST_WILDCARDS = 3;
const MOST_GROUPS = 8;

const MOST_COMPILED = 10_000;
const compiled = new Map<string, (name: string) => boolean>();

/** Does the glob hold for the whole name? Only for globs that `refuseGlob` lets pass. */
export function matches(glob: string, name: string): boolean {
  let test = compiled.get(glob);
  if (test === undefined) {
    const matcher = picomatch(glob, GLOB_OPTIONS);
    test = (candidate) => matcher(candidate);
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(glob, test);
  }
  return test(name);
}

/** The same question as a regular expression over the whole name, for names that are not known yet. */
export function toRegExp(glob: string): string {
  return picomatch.makeRe(glob, GLOB_OPTIONS).source;
}

/** Is it a name and nothing else? */
export function isLiteral(glob: string): boolean {
  return !/[*?[\]{}()!+@|\\]/.test(glob);
}

/** Why the glob cannot be used, and the remedy; null where it can. */
export function refuseGlob(glob: string): readonly [message: string, help: string] | null {
  if (glob === '') return ['an empty pattern matches nothing', 'write a name, or `*` for every name without a `/`'];
  if (glob.length > LONGEST_GLOB)
    return [`the pattern has ${glob.length} characters, at most ${LONGEST_GLOB} are taken`, 'use several shorter patterns'];
  if (/[\u0000-\u001f\u007f]/.test(glob)) return ['the pattern holds a control character', 'remove it'];
  if (glob.startsWith('!'))
    return [`\`${glob}\` is a negation, which patterns of models cannot be`, 'list what should match; the first policy that matches wins'];
  const plain = glob.replaceAll(/\\./g, '');
  // Also what repeats a class or a group: nested repetition is where backtracking explodes.
  if (/[()|]|[\]}]\+/.test(plain)) {
    return [
      `\`${glob}\` uses a group or a repetition whose cost can explode on a name that a caller chooses`,
      'use `*`, `?`, `[abc]` or `{a,b}`',
    ];
  }
  const stars = plain.match(/\*+/g)?.length ?? 0;
  if (stars > MOST_WILDCARDS)
    return [`\`${glob}\` has ${stars} wildcards, at most ${MOST_WILDCARDS} are taken`, 'use several simpler patterns'];
  if ((plain.match(/\{/g)?.length ?? 0) > MOST_GROUPS) {
    return [`\`${glob}\` has too many \`{\` groups`, 'use several simpler patterns'];
  }
  const unbalanced = unbalancedBracket(plain);
  if (unbalanced !== null) return [`\`${unbalanced}\` in \`${glob}\` has no partner`, 'close it, or write `\\` before it'];
  if (/\\(?![*?[\]{}()!+@|\\])/.test(glob.replaceAll('\\\\', ''))) {
    return [`\`${glob}\` escapes a character that means nothing special`, 'remove the `\\`'];
  }
  // What picomatch cannot read it lets match nothing.
  if (picomatch.makeRe(glob, GLOB_OPTIONS).source === '$^') {
    return [`\`${glob}\` cannot be read as a pattern`, 'check its `[…]` and `{…}`'];
  }
  return null;
}

/** The first bracket without a partner. */
function unbalancedBracket(glob: string): string | null {
  const partners: Readonly<Record<string, string>> = { ']': '[', '}': '{', ')': '(' };
  const open: string[] = [];
  for (const character of glob) {
    if (open.at(-1) === '[' && character !== ']') continue;
    if ('[{('.includes(character)) open.push(character);
    else if (character in partners && open.pop() !== partners[character]) return character;
  }
  return open.at(-1) ?? null;
}
