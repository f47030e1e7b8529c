/** Case is folded for ASCII letters alone, as the router does when it reads a text. */
export function toLowerAscii(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
