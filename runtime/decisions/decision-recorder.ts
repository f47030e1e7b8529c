import type { DecisionFacts } from './decision-facts.ts';
import { DecisionFeed } from './decision-feed.ts';
import type { DecisionLog } from './decision-log.ts';
import { DecisionRing } from './decision-ring.ts';
import { HeldOrders } from './held-orders.ts';
import { isSampled } from './is-sampled.ts';
import { OrderNames } from './order-names.ts';
import { writeDecisionLine } from './write-decision-line.ts';

/** Ms between two lines of the ring, for rejections and for all others. */
const APART = 1;

/**
 * Takes every decision of the gateway: all go to the log where there is one; the ring, and who watches it, take at most one a millisecond,
 * beside one rejection a millisecond. A line costs several times the decision, and a ring that turns over in a tenth of a second tells nobody
 * anything.
 */
export class DecisionRecorder {
  readonly #log: DecisionLog | null;
  readonly #names: Pick<OrderNames, 'of'>;
  readonly #isKept: boolean;
  #nextAt = 0;
  #nextRejectAt = 0;
  readonly ring: DecisionRing;
  readonly feed = new DecisionFeed();
  readonly orders = new HeldOrders();

  /**
   * @param log null = none is written.
   * @param size lines of the ring; 0 = none are kept.
   */
  constructor(log: DecisionLog | null, size: number) {
    this.#log = log;
    this.#names = log === null ? new OrderNames() : { of: (live) => log.nameOrder(live) };
    this.#isKept = size > 0;
    this.ring = new DecisionRing(size);
  }

  /**
   * Must be called before anything is awaited, and before a place is taken.
   *
   * @param now `performance.now()`.
   */
  record(facts: DecisionFacts, now: number): void {
    const log = this.#log;
    const isLogged = log !== null && isSampled(facts.requestId, log.sample);
    const isKept = this.#takes(facts.code < 0, now);
    if (!isLogged && !isKept) return;
    const order = this.#names.of(facts.live);
    const line = writeDecisionLine(facts, order, log?.sample ?? 1);
    if (isLogged) log.append(facts, line);
    if (!isKept) return;
    const { router, live } = facts;
    this.orders.hold(order, { router: router.hash, manifest: router.manifest, snapshot: live.snapshot });
    this.ring.add(line);
    this.feed.tell(line);
  }

  #takes(isReject: boolean, now: number): boolean {
    if (!this.#isKept || now < (isReject ? this.#nextRejectAt : this.#nextAt)) return false;
    if (isReject) this.#nextRejectAt = now + APART;
    else this.#nextAt = now + APART;
    return true;
  }
}
