import { StringDecoder } from 'node:string_decoder';

// Sequences that a terminal obeys: with a beginning and an end (CSI), text up to a bell or a terminator (OSC and its kin), two characters.
const SEQUENCES = /\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)?|\x1b[ -/]{0,8}[0-~]/g;
// Controls but tab and line feed, those of the upper half, marks that turn the direction of writing, separators that end a line.
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;

/** The words of a program, as text: nothing in it moves a cursor, changes a colour or begins a line that is none. */
export class OutputCleaner {
  readonly #decoder = new StringDecoder('utf8');

  clean(bytes: Buffer): string {
    return cleanText(this.#decoder.write(bytes));
  }

  end(): string {
    return cleanText(this.#decoder.end());
  }
}

export function cleanText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(SEQUENCES, '').replace(CONTROLS, '');
}
