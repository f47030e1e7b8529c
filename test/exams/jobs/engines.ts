import pg from 'pg';
import { bossSchema, openEngine } from '../../../runtime/jobs/open-engine.ts';
import type { NewJob } from '../../../runtime/jobs/job.ts';
import { makeId } from '../../../runtime/jobs/make-id.ts';
import type { StoreEngine } from '../../../runtime/jobs/store-engine.ts';
import type { Store } from '../../../runtime/store/store.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';
import { POSTGRES_URL, SHELVES, type Shelf } from '../store/stores.ts';

export const QUEUE = 'exam';
export const TYPES = ['plain', 'special'] as const;

/** A clock that is set by hand: `wall` may jump, `monotonic` only goes on. Both ms. */
export interface ExamClock {
  wall: number;
  monotonic: number;
}

/** A job engine's database for one test. */
export interface Yard {
  readonly location: StoreLocation;
  readonly clock: ExamClock;
  /** One more engine over it, as another process would have; it sweeps when it is told to. */
  open(clock?: ExamClock): Promise<StoreEngine>;
  /** A connection of the exam's own. */
  store(): Promise<Store>;
  remove(): Promise<void>;
}

/** Every engine; null: not run, no PostgreSQL. */
export const YARDS: Readonly<Record<'leased queue on SQLite' | 'pg-boss on PostgreSQL', (() => Promise<Yard>) | null>> = {
  'leased queue on SQLite': () => makeYard(SHELVES.sqlite!),
  'pg-boss on PostgreSQL': SHELVES.postgres === null ? null : () => makeYard(SHELVES.postgres!),
};

async function makeYard(make: () => Promise<Shelf>): Promise<Yard> {
  const shelf = await make();
  const location = shelf.location!;
  const clock: ExamClock = { wall: Date.now(), monotonic: 0 };
  const opened: StoreEngine[] = [];
  return {
    location,
    clock,
    async open(own = clock) {
      const engine = await openEngine(location, {
        queues: { [QUEUE]: TYPES },
        now: () => own.wall,
        monotonic: () => own.monotonic,
        sweeps: false,
      });
      opened.push(engine);
      return engine;
    },
    store: () => shelf.open(),
    async remove() {
      for (const engine of opened) await engine.close('exam').catch(() => {});
      await shelf.remove();
      if (location.kind === 'postgres') await dropSchema(bossSchema(location.schema));
    },
  };
}

export async function dropSchema(schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  await client.connect();
  await client.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`);
  await client.end();
}

export function makeJob(given: Partial<NewJob> = {}): NewJob {
  return {
    id: makeId(),
    queue: QUEUE,
    type: 'plain',
    payload: '{}',
    priority: 0,
    preferredAgent: null,
    maxAttempts: 3,
    trace: '0'.repeat(32),
    caller: null,
    createdAt: Date.now(),
    idempotency: null,
    depth: 100,
    ...given,
  };
}
