import type { Reservation } from './reservation.ts';

/** The reservations that are open, oldest first. A list of their own links: nothing is allocated, and a `Set` kept memory. */
export class OpenList {
  #first: Reservation | null = null;
  #last: Reservation | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(reservation: Reservation): void {
    reservation.before = this.#last;
    if (this.#last === null) this.#first = reservation;
    else this.#last.after = reservation;
    this.#last = reservation;
    this.#size++;
  }

  remove(reservation: Reservation): void {
    const { before, after } = reservation;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    reservation.before = reservation.after = null;
    this.#size--;
  }

  *[Symbol.iterator](): IterableIterator<Reservation> {
    for (let at = this.#first; at !== null; ) {
      const { after } = at;
      yield at;
      at = after;
    }
  }
}
