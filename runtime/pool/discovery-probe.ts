import { request } from 'undici';

/** How often a discovery service is asked for a sign of life, and how long it may take, in ms. */
const TIMEOUT = 3_000;

/** Whether the discovery service answers. Without one there is nothing that could be away. */
export class DiscoveryProbe {
  readonly #url: string | null;
  readonly #onChange: (available: boolean, why: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  available: boolean;

  /** `interval` in ms. A service that has not been asked yet counts as away. */
  constructor(url: string | null, interval: number, onChange: (available: boolean, why: string) => void) {
    this.#url = url;
    this.#onChange = onChange;
    this.available = url === null;
    if (url !== null) void this.#look(interval);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(interval: number): Promise<void> {
    let why = '';
    try {
      const { statusCode, body } = await request(`${this.#url!.replace(/\/$/, '')}/health`, { signal: AbortSignal.timeout(TIMEOUT) });
      await body.dump();
      // A redirect is no sign of life of the service: none is followed.
      if (statusCode < 200 || statusCode >= 300) why = `it answered ${statusCode}`;
    } catch (error) {
      why = (error as Error).message;
    }
    if (this.#closed) return;
    if (this.available !== (why === '')) {
      this.available = why === '';
      this.#onChange(this.available, why);
    }
    this.#timer = setTimeout(() => void this.#look(interval), interval);
    this.#timer.unref();
  }
}
