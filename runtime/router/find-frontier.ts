import type { Manifest } from '../../schema/manifest.ts';
import type { RouterModule } from '../../schema/router.ts';
import { CAPABILITIES } from '../../schema/vocabulary.ts';
import type { LiveRouter } from './live-router.ts';

/** A target of a class, at the cost of the reference request. */
export interface FrontierPoint {
  /** `backend/model`. */
  readonly target: string;
  readonly quality: number;
  /** US dollars; null where the price is unknown. */
  readonly cost_usd: number | null;
  /** A target that is as good or better and as cheap or cheaper, and one of both strictly: the best such. Null: none is. */
  readonly dominated_by: string | null;
}

export interface Frontiers {
  /** Of the reference request, in tokens. */
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Null: of no class. By cost, then by falling quality; unknown costs last. */
  readonly classes: readonly { readonly class: string | null; readonly points: readonly FrontierPoint[] }[];
}

const CHAT = 1 << CAPABILITIES.indexOf('chat');
/** Tokens of the request that targets are compared by. */
const INPUT = 1_000;
const TOKENS = { low: INPUT, high: INPUT, atLeast: () => INPUT, exact: () => INPUT };

/**
 * Quality against cost of the chat targets that each class leaves. What a class leaves and what a request costs is asked of the router: the
 * runtime knows no policy. As `policyc frontier` compares them, but by one reference request for all.
 */
export function findFrontier({ module, manifest, routes, state }: Pick<LiveRouter, 'module' | 'manifest' | 'routes' | 'state'>): Frontiers {
  const widest = manifest.names.filter(({ kind }) => kind === 'virtual').sort((a, b) => b.targets.length - a.targets.length)[0];
  const chat = manifest.targets.flatMap(({ capabilities }, row) => (capabilities.includes('chat') ? [row] : []));
  const name = widest?.name ?? manifest.names.find(({ targets }) => targets.some((row) => chat.includes(row)))?.name;
  // The last row of classes stands for none.
  const classes = widest === undefined ? [null] : [null, ...manifest.classes.slice(0, -1)];
  let output = 0;
  const found = classes.map((taskClass) => {
    if (name === undefined) return { class: taskClass, points: [] };
    const intent = ask(module, manifest, name, taskClass);
    output = intent.output;
    const narrowed = new Set(
      taskClass === null
        ? []
        : module
            .explain(intent, state.live, module.none, 'frontier')
            .links[0].stages.flatMap(({ excluded }) => excluded.filter(({ axis }) => axis === 'class').map(({ target }) => target)),
    );
    const points = chat
      .filter((row) => !narrowed.has(row))
      .map((row) => {
        const cost = module.estimate(intent, row);
        return { target: routes[row].name, quality: manifest.targets[row].quality / 1e6, cost: Number.isNaN(cost) ? null : cost };
      });
    return { class: taskClass, points: judge(points) };
  });
  return { input_tokens: INPUT, output_tokens: output, classes: found };
}

function ask(module: RouterModule, manifest: Manifest, model: string, taskClass: string | null) {
  const body = { endpoint: 'chat', model, maxOutputTokens: null, answers: 1, tools: 0, required: CHAT, text: () => '' } as const;
  const hints = { strict: false, flexible: false, category: null, class: taskClass };
  return module.analyze(body, hints, manifest.callers.length, TOKENS);
}

interface Draft {
  readonly target: string;
  readonly quality: number;
  /** Nano-dollars. */
  readonly cost: number | null;
}

function judge(drafts: readonly Draft[]): FrontierPoint[] {
  const byCost = (a: Draft, b: Draft): number => (a.cost ?? Infinity) - (b.cost ?? Infinity) || b.quality - a.quality;
  return drafts.toSorted(byCost).map((draft) => {
    const rivals = drafts.filter((other) => outdoes(other, draft)).sort((a, b) => b.quality - a.quality || a.cost! - b.cost!);
    return {
      target: draft.target,
      quality: draft.quality,
      cost_usd: draft.cost === null ? null : draft.cost / 1e9,
      dominated_by: rivals[0]?.target ?? null,
    };
  });
}

function outdoes(a: Draft, b: Draft): boolean {
  if (a.cost === null || b.cost === null) return false;
  return a.quality >= b.quality && a.cost <= b.cost && (a.quality > b.quality || a.cost < b.cost);
}
