import { setImmediate as breathe } from 'node:timers/promises';
import type { After } from '../../../runtime/ledger/timers.ts';

interface Alarm {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told, and timers that follow it. Steps of the wall clock do not move the timers. */
export class FakeTime {
  #alarms: Alarm[] = [];
  #elapsed = 0;
  #offset: number;

  constructor(start: number) {
    this.#offset = start;
  }

  now = (): number => this.#offset + this.#elapsed;

  after: After = (ms, run) => {
    const alarm = { at: this.#elapsed + ms, run };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  };

  /** The wall clock is set to another time. */
  step(ms: number): void {
    this.#offset += ms;
  }

  /** Time passes; what is due runs, and what it began goes on as far as it comes. */
  async pass(ms: number): Promise<void> {
    for (const end = this.#elapsed + ms; ; ) {
      await rest();
      const due = this.#alarms.reduce<Alarm | null>((first, alarm) => (first === null || alarm.at < first.at ? alarm : first), null);
      if (due === null || due.at > end) {
        this.#elapsed = end;
        return;
      }
      this.#elapsed = Math.max(this.#elapsed, due.at);
      this.#alarms = this.#alarms.filter((other) => other !== due);
      due.run();
    }
  }

  /** Time passes until this is done, at most so many ms. */
  async until<Result>(promise: Promise<Result>, most: number): Promise<Result> {
    let done = false;
    const marked = promise.finally(() => {
      done = true;
    });
    marked.catch(() => {});
    for (let i = 0; !done; i += 10) {
      if (i > most) throw new Error(`not done after ${most} ms`);
      await this.pass(10);
    }
    return marked;
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function rest(): Promise<void> {
  for (let i = 0; i < 3; i++) await breathe();
}
