const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/**
 * UTF-16 units in the string values of the members of one name, without parsing: what is in quotes inside a string is escaped there, so
 * that a name in bare quotes is a member's.
 *
 * @param json one event's data, whole.
 * @param name with its quotes and colon: `"content":`.
 * @param from where to begin.
 */
export function countStrings(json: string, name: string, from = 0): number {
  let count = 0;
  for (let at = json.indexOf(name, from); at !== -1; at = json.indexOf(name, at)) {
    at += name.length;
    while (json.charCodeAt(at) === SPACE) at++;
    if (json.charCodeAt(at) !== QUOTE) continue;
    const start = at + 1;
    let end = json.indexOf('"', start);
    if (end === -1) return count + json.length - start;
    // With escapes in it, the quote that was found may be one of its characters.
    if (!json.slice(start, end).includes('\\')) count += end - start;
    else {
      for (at = start; at < json.length && json.charCodeAt(at) !== QUOTE; at++) {
        if (json.charCodeAt(at) === BACKSLASH) at += json.charCodeAt(at + 1) === 117 ? 5 : 1;
        count++;
      }
      end = at;
    }
    at = end + 1;
  }
  return count;
}
