import type { Rule } from '../diagnostics/catalogue.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import { didYouMean, suggest } from '../diagnostics/suggest.ts';
import type { MapTree, Spot, Tree } from '../parse/tree.ts';
import { describeValue, HIDDEN } from './describe-value.ts';
import type { Fault } from './validate.ts';

type Schema = Readonly<Record<string, unknown>>;

/** A fault of shape as people read it: what was expected, what stands there, and what to do. `whole` names what the root is. */
export function describeFault(fault: Fault, path: readonly string[], root: MapTree, whole = 'a policy file'): Diagnostic {
  const parent = fault.parentSchema as Schema;
  const { node, key } = follow(root, path);
  const where = path.length === 0 ? whole : `\`${pathOf(path)}\``;
  const rule = (wanted: Rule): Rule => (parent['x-rule'] as Rule | undefined) ?? wanted;
  if (fault.propertyName !== undefined) return describeName(fault, node, where);
  switch (fault.keyword) {
    case 'additionalProperties':
      return describeUnknownKey(fault, node, path, where);
    case 'required': {
      const missing = String(fault.params.missingProperty);
      const wanted = (parent.properties as Record<string, Schema>)[missing];
      return finding(
        'missing-key',
        key,
        `${where} has no \`${missing}\``,
        wanted['x-secret'] === undefined ? `add \`${missing}: ${exampleOf(wanted)}\`` : String(wanted['x-secret']),
      );
    }
    case 'enum': {
      const allowed = (fault.schema as unknown[]).map(String);
      return finding(
        rule('bad-value'),
        node,
        `${where} is ${describeValue(fault.data)}, expected ${listOf(allowed)}`,
        didYouMean(String(fault.data), allowed, `use ${listOf(allowed)}`),
      );
    }
    case 'type':
      return finding(
        rule('wrong-type'),
        node,
        `${where} is ${typeof fault.data === 'string' ? 'the text ' : ''}${describeValue(fault.data)}, expected ${expectedOf(parent)}`,
        typeHelp(fault, path, parent),
      );
    case 'uniqueItems': {
      const twice = node.kind === 'list' ? node.items[Number(fault.params.i)] : node;
      const value = twice.kind === 'leaf' ? describeValue(twice.value) : 'an entry';
      return finding('bad-value', twice, `${where} holds ${value} twice`, 'remove one of the two');
    }
    default: {
      const bound = boundOf(fault);
      const got = ` ${sizeOf(fault) ?? `is ${describeValue(hide(fault, parent))}`},`;
      const expected = fault.keyword === 'pattern' || bound === null ? expectedOf(parent) : bound;
      const spot = fault.keyword.endsWith('Properties') ? key : node;
      return finding(rule('bad-value'), spot, `${where}${got} expected ${expected}`, helpFor(fault, path, parent));
    }
  }
}

function describeName(fault: Fault, node: Tree, where: string): Diagnostic {
  const name = String(fault.propertyName);
  const entry = node.kind === 'map' ? node.entries.get(name) : undefined;
  const expected = expectedOf(fault.parentSchema as Schema, 'a shorter name');
  return finding('bad-value', entry?.key ?? node, `\`${name}\` in ${where} is not ${expected}`, 'choose another name');
}

function describeUnknownKey(fault: Fault, node: Tree, path: readonly string[], where: string): Diagnostic {
  const name = String(fault.params.additionalProperty);
  const known = Object.keys((fault.parentSchema as Schema).properties as object);
  const spot: Spot = (node.kind === 'map' && node.entries.get(name)?.key) || node;
  if (path.length === 0 && name === 'tests') {
    return finding('unknown-key', spot, `${where} has no key \`tests\``, 'put tests into a file whose name ends in `.test.yaml`');
  }
  const otherwise = path.length === 0 ? `the sections are ${listOf(known)}` : `the keys here are ${listOf(known)}`;
  return finding('unknown-key', spot, `${where} has no key \`${name}\``, didYouMean(name, known, otherwise));
}

function typeHelp(fault: Fault, path: readonly string[], parent: Schema): string {
  const { data } = fault;
  const types = [parent.type].flat();
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean') && parent['x-rule'] === undefined) {
    return `put it in quotes: \`"${String(data)}"\``;
  }
  if (types.length === 1 && types[0] === 'boolean' && typeof data === 'string' && /^(yes|on|no|off)$/i.test(data)) {
    return `write \`${/^(yes|on)$/i.test(data) ? 'true' : 'false'}\``;
  }
  if (
    (types.includes('number') || types.includes('integer')) &&
    typeof data === 'string' &&
    data.trim() !== '' &&
    Number.isFinite(Number(data))
  ) {
    return `write the number without quotes: \`${Number(data)}\``;
  }
  return writeLike(path, parent);
}

function helpFor(fault: Fault, path: readonly string[], parent: Schema): string {
  if (parent['x-secret'] !== undefined) return String(parent['x-secret']);
  if (fault.keyword === 'pattern' && typeof fault.data === 'string') {
    const near = nearestForm(fault.data, parent);
    if (near !== null) return `did you mean \`${near}\``;
  }
  return writeLike(path, parent);
}

/** What fits the pattern and is likely meant: the same without blanks and with our units, or one of the words it allows. */
function nearestForm(text: string, parent: Schema): string | null {
  const short = text
    .replaceAll(/\s+/g, '')
    .replace(/(millisecond|msec)s?$/i, 'ms')
    .replace(/(second|sec)s?$/i, 's')
    .replace(/(minute|min)s?$/i, 'm')
    .replace(/(hour|hr)s?$/i, 'h')
    .replace(/K$/, 'k');
  if (new RegExp(String(parent.pattern), 'u').test(short)) return short;
  return suggest(text, (parent.examples as unknown[]).filter((example) => typeof example === 'string') as string[]);
}

function writeLike(path: readonly string[], parent: Schema): string {
  const key = path.at(-1);
  return `write it like this: \`${key === undefined || /^\d+$/.test(key) ? '' : `${key}: `}${exampleOf(parent)}\``;
}

/** How much a list or a map holds, where that is the point. */
function sizeOf({ keyword, data }: Fault): string | null {
  if (!/(Items|Properties)$/.test(keyword)) return null;
  const [size, one, many] = Array.isArray(data) ? [data.length, 'entry', 'entries'] : [Object.keys(data as object).length, 'key', 'keys'];
  return size === 0 ? 'is empty' : `has ${size} ${size === 1 ? one : many}`;
}

/** A value that may be a secret put into the wrong place is not repeated. */
function hide(fault: Fault, parent: Schema): unknown {
  return parent['x-secret'] === undefined ? fault.data : HIDDEN;
}

function boundOf(fault: Fault): string | null {
  const limit = fault.params.limit as number | undefined;
  const bounds: Readonly<Record<string, string>> = {
    minimum: `at least ${limit}`,
    maximum: `at most ${limit}`,
    exclusiveMinimum: `more than ${limit}`,
    exclusiveMaximum: `less than ${limit}`,
    minLength: limit === 1 ? 'a text that is not empty' : `at least ${limit} characters`,
    maxLength: `at most ${limit} characters`,
    minItems: limit === 1 ? 'at least one entry' : `at least ${limit} entries`,
    maxItems: `at most ${limit} entries`,
    minProperties: limit === 1 ? 'at least one key' : `at least ${limit} keys`,
    maxProperties: `at most ${limit} keys`,
    const: `\`${String(fault.params.allowedValue)}\``,
  };
  const inWords = (fault.parentSchema as Schema)['x-expected'];
  if (/Properties$/.test(fault.keyword) && typeof inWords === 'string') return inWords;
  return bounds[fault.keyword] ?? null;
}

function expectedOf(schema: Schema, otherwise = 'another value'): string {
  if (typeof schema['x-expected'] === 'string') return schema['x-expected'];
  if (Array.isArray(schema.enum)) return listOf(schema.enum.map(String));
  const words: Readonly<Record<string, string>> = {
    string: 'a text',
    integer: rangeOf(schema, 'a whole number'),
    number: rangeOf(schema, 'a number'),
    boolean: '`true` or `false`',
    object: 'a map',
    array: 'a list',
  };
  const types = [schema.type].flat().filter((type) => type !== undefined && type !== 'null');
  return types.length === 0 ? otherwise : types.map((type) => words[String(type)]).join(' or ');
}

function rangeOf(schema: Schema, noun: string): string {
  const { minimum, maximum } = schema;
  return typeof minimum === 'number' && typeof maximum === 'number' ? `${noun} from ${minimum} to ${maximum}` : noun;
}

function exampleOf(schema: Schema): string {
  const [example] = (schema.examples as unknown[] | undefined) ?? [];
  return inYaml(example ?? '…');
}

/** A small value on one line of YAML. */
function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${inYaml(inner)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  if (typeof value === 'string' && /^[<>=*]/.test(value)) return `"${value}"`;
  return String(value);
}

function listOf(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function pathOf(path: readonly string[]): string {
  return path.map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** The node at a path, and the spot that names it: its key, or the node itself where it has none. */
function follow(root: Tree, path: readonly string[]): { node: Tree; key: Spot } {
  let node = root;
  let key: Spot = { place: root.place, length: 1 };
  for (const step of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(step);
      if (entry === undefined) break;
      key = entry.key;
      node = entry.value;
    } else if (node.kind === 'list') {
      node = node.items[Number(step)];
      key = { place: node.place, length: 1 };
    }
  }
  return { node, key };
}
