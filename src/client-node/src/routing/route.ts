import { ControlZeroError } from '../errors.js';
import type { Transport } from '../transport.js';
import type { Endpoint } from './endpoints.js';
import type { Visit } from './standing.js';

/** The way of one call through the addresses: which one it asks, and which one next when that fails. One attempt at a time. */
export class Route {
  readonly #order: readonly Endpoint[];
  #left: readonly Endpoint[];
  #hasAnother = false;

  /** Takes the addresses, the preferred one first. */
  constructor(order: readonly Endpoint[]) {
    this.#order = order;
    this.#left = order;
  }

  /** True when the address asked failed and there is one that has not failed this call: it can be asked at once. */
  get hasAnother(): boolean {
    return this.#hasAnother;
  }

  /** Makes one attempt, at the address that is to be asked now, and notes how that went. */
  async ask<T>(send: (transport: Transport) => Promise<T>, signal: AbortSignal): Promise<T> {
    const [endpoint, visit] = this.#next();
    this.#hasAnother = false;
    let isOver = false;
    const ended = (error: unknown): void => {
      if (!isOver) {
        isOver = true;
        this.#ended(endpoint, visit, error);
      }
    };
    const aborted = (): void => ended(signal.reason); // noted before the caller goes on, however long the attempt takes to end
    signal.addEventListener('abort', aborted, { once: true });
    try {
      const answer = await send(endpoint.transport);
      ended(undefined);
      return answer;
    } catch (error) {
      ended(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  /**
   * The first address that is not set aside, of those that have not failed this call. When all of them are set aside it is the first
   * all the same: an attempt may succeed, and none never does.
   */
  #next(): [Endpoint, Visit] {
    for (const endpoint of this.#left) {
      const visit = endpoint.standing.tryEnter();
      if (visit !== undefined) {
        return [endpoint, visit];
      }
    }
    const [first] = this.#left;
    if (first === undefined) {
      throw new TypeError('a route needs at least one address');
    }
    return [first, first.standing.enter()];
  }

  #ended(endpoint: Endpoint, visit: Visit, error: unknown): void {
    const code = error instanceof ControlZeroError ? error.code : undefined;
    if (code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED') {
      endpoint.standing.failed(visit);
      const left = this.#left.filter((other) => other !== endpoint);
      this.#hasAnother = left.length > 0;
      this.#left = this.#hasAnother ? left : this.#order;
    } else if (code === 'CANCELLED') {
      endpoint.standing.abandoned(visit);
    } else {
      endpoint.standing.answered(visit);
    }
  }
}
