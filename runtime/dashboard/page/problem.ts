/** What the server refused, in its words, or that it can't be reached: status 0. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
