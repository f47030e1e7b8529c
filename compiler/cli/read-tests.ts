import type { PolicySet } from '../../schema/policy-set.ts';
import type { RequestHints } from '../../schema/request.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import { sortDiagnostics } from '../diagnostics/sort-diagnostics.ts';
import { parse } from '../parse/parse.ts';
import { spotAt } from '../parse/spot-at.ts';
import { toPlain } from '../parse/tree.ts';
import { checkNames } from '../trial/check-names.ts';
import { givenState } from '../trial/given-state.ts';
import type { PolicyTest } from '../trial/policy-test.ts';
import type { PreparedTest, Situation } from '../trial/prepared-test.ts';
import { rowsNamed } from '../trial/rows-named.ts';
import type { Source } from '../understand.ts';
import { validateTests } from '../validate/validate-tests.ts';
import { UsageError } from './command.ts';
import { countRequestTokens } from './count-tokens.ts';
import { type ReadBody, readBody } from './read-body.ts';

export interface ReadTests {
  /** Those without a finding, in the order of files and text; empty where there is no policy to prepare them for. */
  readonly tests: readonly PreparedTest[];
  /** How many there are, with findings or without. */
  readonly written: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads files of tests: their shape, and, where there is a policy, the names and requests in them. `toRun` false: only for the findings,
 * without the tokenizer, which takes longer to load than all the rest.
 */
export async function readTests(sources: readonly Source[], set: PolicySet | null, toRun = true): Promise<ReadTests> {
  const parsed = parse(sources);
  const { broken, diagnostics } = validateTests(parsed.files);
  const found = [...parsed.diagnostics, ...diagnostics];
  const tests: PreparedTest[] = [];
  const seen = new Map<string, PreparedTest['spot']>();
  let written = 0;
  for (const { file, tree } of parsed.files) {
    const list = tree?.entries.get('tests')?.value;
    if (list?.kind !== 'list') continue;
    written += list.items.length;
    for (const [row, item] of list.items.entries()) {
      if (broken.has(`${file}:${row}`)) continue;
      const test = toPlain(item) as PolicyTest;
      const spot = spotAt(item, 'name');
      const first = seen.get(test.name);
      if (first) {
        const other = { message: 'the other one stands here', place: first.place };
        found.push(finding('duplicate-name', spot, `two tests are named \`${test.name}\``, 'rename one of the two', [other]));
      }
      seen.set(test.name, spot);
      if (set === null) continue;
      const unknown = checkNames(set, test, item);
      found.push(...unknown);
      if (unknown.length > 0) continue;
      try {
        const what = `tests[${row}].request`;
        if (toRun) tests.push({ ...(await situationOf(set, test, what)), test, spot, tree: item });
        else readRequestOf(test, what);
      } catch (cause) {
        if (!(cause instanceof UsageError)) throw cause;
        found.push(finding('bad-value', spotAt(item, 'request'), cause.message, cause.help));
      }
    }
  }
  return { tests, written, diagnostics: sortDiagnostics(found) };
}

/** A chat may leave its messages out: what counts is often its length alone. Throws `UsageError`, about `what`, where it is no request. */
function readRequestOf({ endpoint, request }: PolicyTest, what: string): ReadBody {
  const isEmpty = endpoint !== 'embeddings' && request.input === undefined && request.messages === undefined;
  return readBody(what, isEmpty ? { ...request, messages: [{ role: 'user', content: '' }] } : request, endpoint);
}

/** What a test asks of a router. Throws `UsageError`, about `what`, where its request is none. */
export async function situationOf(set: PolicySet, test: PolicyTest, what = 'request'): Promise<Situation> {
  const read = readRequestOf(test, what);
  const name = set.names.find((entry) => entry.name === test.request.model);
  const encoding = name === undefined ? 'o200k_base' : set.models[name.model].encoding;
  const tokens = test.tokens ?? (await countRequestTokens(read, encoding)).high;
  return {
    question: { body: read.body, hints: hintsOf(test.headers ?? {}), caller: callerOf(set, test), tokens },
    state: givenState(set, test.given),
    tried: [...new Set((test.given?.tried ?? []).flatMap((tried) => rowsNamed(set, tried)))],
  };
}

function hintsOf(headers: Readonly<Record<string, string>>): RequestHints {
  const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  const isOn = (name: string): boolean => ['true', '1', ''].includes(sent.get(name)?.toLowerCase() ?? 'false');
  return {
    strict: isOn('x-nexus-strict'),
    flexible: isOn('x-nexus-flexible'),
    category: sent.get('x-nexus-category') || null,
    class: sent.get('x-nexus-class') || null,
  };
}

function callerOf(set: PolicySet, { key, team }: PolicyTest): number {
  if (key === undefined && team === undefined) return set.callers.length - 1;
  return set.callers.findIndex((caller) => !caller.implicit && (key === undefined ? caller.team === team : caller.name === key));
}
