import { Ajv, type ErrorObject } from 'ajv';

/** A part of a request that is wrong: where, as in `needs.cpu`, and what about it, which names the place. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** `verbose`: a mistake knows the shape that it breaks, and whether what stands there may be shown. */
const options = { verbose: true, allErrors: true, useDefaults: true, removeAdditional: false, strict: false } as const;
/** 1e999 is no number. Not for URLs: what was made of a text is past that check, and past its bounds. */
const exact = new Ajv({ ...options, strictNumbers: true });
/** Everything in a URL is text. */
const lenient = new Ajv({ ...options, coerceTypes: true });

/** Most characters of a name that are repeated: callers choose them. */
const LONGEST = 128;
/** Most mistakes that are told: a body can hold a million of them. */
const MOST = 64;

/** Checks one part of a request (`body`, `querystring`, `params`, `headers`) by its shape, every mistake at once, the first 64 of them; defaults are filled in. */
export function compileCheck(
  schema: object,
  httpPart: string | undefined,
): (data: unknown) => { readonly value: unknown; readonly mistakes: readonly Mistake[] } {
  const validate = (httpPart === 'body' ? exact : lenient).compile(schema);
  return (data) => {
    // A request without a body says nothing, which is what `{}` says.
    const value = httpPart === 'body' && (data === undefined || data === null) ? {} : data;
    if (validate(value)) return { value, mistakes: [] };
    const errors = validate.errors ?? [];
    // One mistake is one message: what each branch of a union says is said by the union.
    const unions = [...new Set(errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => `${schemaPath}/`))];
    const mistakes = new Map<string, Mistake>();
    for (const error of errors) {
      if (unions.some((union) => error.schemaPath.startsWith(union))) continue;
      const mistake = describe(error, value);
      mistakes.set(mistake.message, mistakes.get(mistake.message) ?? mistake);
      if (mistakes.size === MOST) break;
    }
    return { value, mistakes: [...mistakes.values()] };
  };
}

function describe({ instancePath, keyword, params, message, parentSchema }: ErrorObject, data: unknown): Mistake {
  const path = instancePath
    .slice(1)
    .split('/')
    .filter((step) => step !== '');
  const named = path.map(shorten);
  const place = path.length === 0 ? 'the request' : `\`${named.join('.')}\``;
  const of = (member: string): string => [...named, shorten(member)].join('.');
  if (keyword === 'additionalProperties') {
    return { path: of(params.additionalProperty), message: `there is no \`${of(params.additionalProperty)}\`` };
  }
  if (keyword === 'required') return { path: of(params.missingProperty), message: `\`${of(params.missingProperty)}\` is missing` };
  const value = path.reduce<unknown>((part, step) => (part as Record<string, unknown> | undefined)?.[step], data);
  // What may be a secret is not repeated: answers are logged.
  const shown = parentSchema?.['x-secret'] === true ? '' : ` is ${JSON.stringify(value)?.slice(0, 64) ?? 'nothing'}`;
  const tell = (words: string): Mistake => ({ path: named.join('.'), message: words });
  if (keyword === 'enum') return tell(`${place}${shown}, expected one of ${(params.allowedValues as string[]).join(', ')}`);
  if (keyword === 'anyOf' || keyword === 'const') return tell(`${place}${shown}, which it cannot be`);
  return tell(`${place}${shown}: it ${message}`);
}

function shorten(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
}
