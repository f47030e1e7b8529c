/** What the API takes as the id of a tool call. */
const WIRE_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Ids of tool calls as the API takes them: of its alphabet, and no two alike in a conversation. Other providers' ids may be neither, and
 * some give every turn's first call the same one. Ids that can stay do.
 */
export class ToolIds {
  readonly #used = new Set<string>();

  take(id: string): string {
    let wire = id;
    for (let count = this.#used.size; !WIRE_ID.test(wire) || this.#used.has(wire); count++) wire = `call_${count}`;
    this.#used.add(wire);
    return wire;
  }
}
