/** `from 'x'` and `import 'x'`, as we and minifiers write them. */
const SPECIFIER = /\b(from|import)(\s*)(["'])([^"'\n]+)\3/g;

/**
 * Writes other specifiers into a module: a browser finds nothing by a package's name, and an import map would have to stand in the page,
 * where its policy allows no script.
 *
 * @param locate where what a specifier names is served; null: it names nothing, and the text stays.
 */
export function linkImports(text: string, locate: (specifier: string) => string | null): string {
  return text.replace(SPECIFIER, (whole, word: string, space: string, quote: string, specifier: string) => {
    const place = locate(specifier);
    return place === null ? whole : `${word}${space}${quote}${place}${quote}`;
  });
}

/** Every specifier that a module imports, or seems to. */
export function listImports(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map((match) => match[4]);
}
