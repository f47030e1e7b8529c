import type { Explanation } from '../../../schema/decision.ts';
import { PROBLEMS } from '../../../schema/intent.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import type { RouterModule } from '../../../schema/router.ts';
import { emit } from '../../emit/emit.ts';
import { didYouMean } from '../../diagnostics/suggest.ts';
import { plan } from '../../plan/plan.ts';
import { loadRouter } from '../../prove/load-router.ts';
import { understand } from '../../understand.ts';
import { VERSION } from '../../version.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { countRequestTokens } from '../count-tokens.ts';
import { explainPlacement } from '../explain-placement.ts';
import { formatExplanation } from '../formats/format-explanation.ts';
import { formatPlacement } from '../formats/format-placement.ts';
import { formatPretty } from '../formats/format-pretty.ts';
import { type Paint, paintFor } from '../formats/paint.ts';
import { type Arguments, readArguments } from '../read-arguments.ts';
import { readNodes } from '../read-nodes.ts';
import { readPolicyFolder } from '../read-policy.ts';
import { readRequest } from '../read-request.ts';
import { readState } from '../read-state.ts';
import { readWorkload } from '../read-workload.ts';

const USAGE = `usage: policyc explain [dir] --request body.json [options]
       policyc explain [dir] --workload workload.json --nodes nodes.json [--format pretty|json]

Says what the policy decides for a request, and what every stage did to every target, with the line of the policy behind it;
or where a workload goes, and why to no other node.

  --request FILE          the body that a client would send, \`-\` for standard input
  --state FILE            what is up and measured, as JSON: {"down": ["backend"], "full": […], "loading": […],
                          "budgets": {"name": "SoftLimit"}, "metrics": {"backend/model": {"avg_ttft_ms": 900}}}
  --key NAME              the caller, by the name of its key (none: a caller without a key)
  --category NAME         as if \`X-Nexus-Category\` were sent
  --class NAME            as if \`X-Nexus-Class\` were sent
  --flexible, --strict    as if \`X-Nexus-Flexible\` or \`X-Nexus-Strict\` were sent
  --workload FILE         the body that \`POST /schedule\` takes, \`-\` for standard input
  --nodes FILE            what could take it, as JSON: [{"name": "local", "labels": {"zone": "restricted"}, "load": 0.2,
                          "total": {"cpu": 8, "memory": "16GiB", "gpu": 1}, "free": {"cpu": 2.5, "memory": "4GiB", "gpu": 0}}];
                          where left out: \`free\` is \`total\`, \`kind\` (local, kubernetes, peer) is told by the name, \`forms\` by the
                          kind, \`reachable\` true, \`cordoned\` false
  --format pretty|json

exit codes: 0 explained (a rejection too), 1 errors in the policy, 2 usage, 3 internal error`;

const FLAGS = {
  request: { type: 'string' },
  state: { type: 'string' },
  workload: { type: 'string' },
  nodes: { type: 'string' },
  key: { type: 'string' },
  category: { type: 'string' },
  class: { type: 'string' },
  flexible: { type: 'boolean' },
  strict: { type: 'boolean' },
  format: { type: 'string', values: ['pretty', 'json'] },
} as const;

export const command: Command = {
  name: 'explain',
  summary: 'why a request, or a workload, goes where it goes',
  usage: USAGE,
  async run(args, io) {
    const given = readArguments('explain', args, FLAGS);
    if (given.paths.length > 1) throw new UsageError('`policyc explain` takes one folder', 'name the folder that holds all policy files');
    const question = questionOf(given);
    const sources = await readPolicyFolder(given.paths[0] ?? 'policies', io);
    const { set, diagnostics } = understand(sources);
    if (set === null) {
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      io.stderr.write(formatPretty({ diagnostics: errors, sources }, paintFor({ env: io.env, stdout: io.stderr })));
      return EXIT.FINDINGS;
    }
    const isJson = given.text('format') === 'json';
    const write = <T>(explanation: T, format: (explanation: T, paint: Paint) => string): void => {
      io.stdout.write(isJson ? `${JSON.stringify(explanation, null, 2)}\n` : format(explanation, paintFor(io)));
    };
    if (question.of === 'request') write(await explain(set, question.file, given, io), formatExplanation);
    else {
      const workload = await readWorkload(question.file, io);
      write(explainPlacement(set, await routerOf(set), workload, await readNodes(question.nodes, io)), formatPlacement);
    }
    return EXIT.CLEAN;
  },
};

type Question =
  | { readonly of: 'request'; readonly file: string }
  | { readonly of: 'workload'; readonly file: string; readonly nodes: string };

/** What a request alone, or a workload alone, is asked with. */
const OF_REQUESTS = ['state', 'key', 'category', 'class', 'flexible', 'strict'] as const;

function questionOf(given: Arguments): Question {
  const [request, workload, nodes] = [given.text('request'), given.text('workload'), given.text('nodes')];
  if (request !== null && (workload ?? nodes) !== null) {
    throw new UsageError('a request and a workload are two questions', 'pass `--request`, or `--workload` and `--nodes`');
  }
  if (request !== null) return { of: 'request', file: request };
  if (workload === null && nodes === null) {
    throw new UsageError(
      'no request given',
      'pass `--request body.json`, the body that a client would send, or `--workload workload.json --nodes nodes.json`',
    );
  }
  if (workload === null) throw new UsageError('no workload given', 'pass `--workload workload.json`, the body that `POST /schedule` takes');
  if (nodes === null) throw new UsageError('no nodes given', 'pass `--nodes nodes.json`, a list of what could take the workload');
  const odd = OF_REQUESTS.find((flag) => given.has(flag));
  if (odd !== undefined) throw new UsageError(`\`--${odd}\` says nothing of a workload`, 'leave it out');
  return { of: 'workload', file: workload, nodes };
}

const routerOf = async (set: PolicySet): Promise<RouterModule> =>
  loadRouter((await emit(set, plan(set), { compiler: VERSION, sources: [] })).loadable);

async function explain(set: PolicySet, file: string, given: Arguments, io: Io): Promise<Explanation> {
  const request = await readRequest(file, io);
  const snapshot = await readState(given.text('state'), set, io);
  const router = await routerOf(set);
  const name = set.names[router.resolve(request.body.model)];
  if (!name)
    throw notThere(
      'model',
      request.body.model,
      set.names.map((entry) => entry.name),
    );
  const hints = {
    strict: given.has('strict'),
    flexible: given.has('flexible'),
    category: given.text('category'),
    class: given.text('class'),
  };
  const tokens = await countRequestTokens(request, set.models[name.model]!.encoding);
  const intent = router.analyze(request.body, hints, callerOf(set, given.text('key')), tokens);
  const problem = PROBLEMS[intent.problem];
  const declared = (rows: readonly { name: string; implicit: boolean }[]): string[] =>
    rows.filter(({ implicit }) => !implicit).map((row) => row.name);
  if (problem === 'unknown-category') throw notThere('category', hints.category!, declared(set.categories));
  if (problem === 'unknown-class') throw notThere('class', hints.class!, declared(set.classes));
  return router.explain(intent, router.lay(router.rank(snapshot)), router.none, 'explain');
}

function callerOf(set: PolicySet, key: string | null): number {
  if (key === null) return set.callers.length - 1;
  const row = set.callers.findIndex((caller) => !caller.implicit && caller.name === key);
  if (row < 0)
    throw notThere(
      'key',
      key,
      set.callers.filter(({ implicit }) => !implicit).map(({ name }) => name),
    );
  return row;
}

const notThere = (what: string, name: string, names: readonly string[]): UsageError =>
  new UsageError(
    `the policy has no ${what} \`${name}\``,
    didYouMean(
      name,
      names,
      names.length > 0 ? `use one of ${names.map((known) => `\`${known}\``).join(', ')}` : `declare it in the policy`,
    ),
  );
