import type { AttemptFacts } from '../ledger/entry.ts';
import type { Refusal } from '../ledger/refusal.ts';
import type { Reservation } from '../ledger/reservation.ts';
import type { LiveRouter, Route } from '../router/live-router.ts';
import type { Exchange } from './exchange.ts';
import { mayCostMore } from './may-cost-more.ts';

/**
 * Longest wait for money that is not at hand, in ms: other processes are asked back, and a slow disk gets its time. A paid target that gives way to
 * another one because a disk was busy is a wrong route.
 */
const PATIENCE = 3_000;

/** What is known of an attempt when its money is set aside; its estimate is made while the backend works, before it is written down. */
export type OpenFacts = { -readonly [Member in keyof AttemptFacts]: AttemptFacts[Member] };

/** Sets the most that a call to this target can cost aside, in all budgets that pay for it or in none. Synchronous. */
export function tryReserve(exchange: Exchange, route: Route): Reservation | Refusal {
  const { module } = exchange.router;
  const intent = exchange.intent!;
  const { ledger, books } = exchange.gateway;
  const book = books.of(exchange.router);
  return ledger.tryReserve(book, module.budgets(intent, route.row), findBound(exchange, route), state(exchange, route));
}

/** The same where this process has too little at hand: waits a while for what others hold. */
export function reserve(exchange: Exchange, route: Route): Promise<Reservation | Refusal> {
  const { module } = exchange.router;
  const intent = exchange.intent!;
  const { ledger, books } = exchange.gateway;
  const book = books.of(exchange.router);
  return ledger.reserve(book, module.budgets(intent, route.row), findBound(exchange, route), state(exchange, route), PATIENCE);
}

/** Nano-dollars; NaN where nobody knows, so that no budget that blocks bears it. */
function findBound({ router, intent, asked }: Exchange, { row }: Route): number {
  return mayCostMore(asked!) ? Number.NaN : router.module.bound(intent!, row);
}

function state(exchange: Exchange, route: Route): OpenFacts {
  const { manifest, hash } = exchange.router;
  const intent = exchange.intent!;
  const caller = manifest.callers[exchange.caller];
  return {
    backend: route.backend.config.name,
    model: route.config.model,
    category: nameOf(manifest.categories, intent.category),
    class: nameOf(manifest.classes, intent.class),
    caller: caller?.name ?? null,
    team: caller?.team ?? null,
    policy: hash,
    prices: manifest.prices,
    estimate: null,
    estimatedInput: null,
    estimatedOutput: null,
  };
}

/** The last row is the implicit one. */
function nameOf(names: LiveRouter['manifest']['categories'], row: number): string | null {
  return row < names.length - 1 ? names[row] : null;
}
