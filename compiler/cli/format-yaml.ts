import { isDeepStrictEqual } from 'node:util';
import { type Document, isScalar, isSeq, parseDocument, Scalar, visit } from 'yaml';

const OPTIONS = { uniqueKeys: false, logLevel: 'silent' } as const;

/** Where a flow collection is broken into one entry a line. */
const WIDTH = 140;

/** A YAML text in the one way of writing it. For texts without faults of syntax; formatting twice changes nothing more. */
export function formatYaml(text: string): string {
  const plain = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const document = parseDocument(plain, OPTIONS);
  // Around comments alone the library adds an empty line each time.
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return plain.replaceAll(/[ \t]+$/gm, '');
  const before = plainOf(document);
  visit(document, {
    Scalar(_, node) {
      // A quoted text keeps its quotes, since what needs them is not obvious to a reader; which ones is not the author's business.
      if (node.type === Scalar.QUOTE_SINGLE && typeof node.value === 'string' && !/["\\]/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const formatted = tightenLists(document.toString({ indent: 2, lineWidth: WIDTH, minContentWidth: 0 }));
  if (!isDeepStrictEqual(plainOf(parseDocument(formatted, OPTIONS)), before)) {
    throw new Error('formatting would have changed what the file says');
  }
  return formatted;
}

/** Unbounded here: what is formatted has passed the bounds of the parser, aliases expanded. */
function plainOf(document: Document): unknown {
  return document.toJS({ mapAsMap: true, maxAliasCount: -1 });
}

/** `[ a, b ]` as `[a, b]`: the YAML library pads lists and maps alike. */
function tightenLists(text: string): string {
  const cuts: number[] = [];
  visit(parseDocument(text, OPTIONS), {
    Seq(_, node) {
      if (!isSeq(node) || !node.flow || !node.range) return;
      const [from, to] = node.range;
      if (text[from + 1] === ' ') cuts.push(from + 1);
      if (text[to - 2] === ' ' && text[to - 3] !== '\n' && !/\n *$/.test(text.slice(from, to - 1))) cuts.push(to - 2);
    },
  });
  let tight = '';
  let last = 0;
  for (const cut of [...new Set(cuts)].sort((a, b) => a - b)) {
    tight += text.slice(last, cut);
    last = cut + 1;
  }
  return tight + text.slice(last);
}
