import { ControlZeroError } from '../errors.js';
import type { Transport } from '../transport.js';
import type { Endpoint } from './endpoint.js';
import type { Staleness } from './staleness.js';
import type { Visit } from './standing.js';

/** The way of one call through the addresses: which one it asks, and which one next when that fails. One attempt at a time. */
export class Route {
  readonly #order: readonly Endpoint[];
  #left: readonly Endpoint[];
  #stale: readonly { readonly endpoint: Endpoint; readonly visit: Visit; readonly retryAfterMs: number }[] = [];
  #hasAnother = false;

  /** Takes the addresses, the preferred one first. */
  constructor(order: readonly Endpoint[]) {
    this.#order = order;
    this.#left = order;
  }

  /** True when the address asked failed or is stale and there is one that has not failed this call: it can be asked at once. */
  get hasAnother(): boolean {
    return this.#hasAnother;
  }

  /** True when all that answered so far are stale. */
  get isStale(): boolean {
    return this.#stale.length > 0;
  }

  /** Makes one attempt, at the address that is to be asked now, and notes how that went. */
  async ask<T>(send: (transport: Transport) => Promise<T>, signal: AbortSignal, stalenessOf?: (answer: T) => Staleness | undefined): Promise<T> {
    const [endpoint, visit] = this.#next();
    this.#hasAnother = false;
    let isOver = false;
    const end = (note: () => void): void => {
      if (!isOver) {
        isOver = true;
        note();
      }
    };
    const failed = (error: unknown): void => end(() => this.#failed(endpoint, visit, error));
    const aborted = (): void => failed(signal.reason); // noted before the caller goes on, however long the attempt takes to end
    signal.addEventListener('abort', aborted, { once: true });
    try {
      const answer = await send(endpoint.transport);
      const staleness = stalenessOf?.(answer);
      end(() => staleness === undefined ? this.#answered(endpoint, visit) : this.#isStaleAt(endpoint, visit, staleness));
      return answer;
    } catch (error) {
      failed(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  /** An address that was asked in another way is stale. */
  noteStale(endpoint: Endpoint, staleness: Staleness): void {
    this.#isStaleAt(endpoint, endpoint.standing.enter(), staleness);
  }

  /** The call is over. Nothing was learned about addresses that were stale while no other one knew better. */
  leave(): void {
    this.#stale.forEach(({ endpoint, visit }) => endpoint.standing.abandoned(visit));
    this.#stale = [];
  }

  /** The address that would be asked now. */
  peek(): Endpoint {
    const [endpoint, visit] = this.#next();
    endpoint.standing.abandoned(visit);
    return endpoint;
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

  /** Those that were stale before it are set aside: it knew what they did not. */
  #answered(endpoint: Endpoint, visit: Visit): void {
    endpoint.standing.answered(visit);
    this.#stale.forEach((stale) => stale.endpoint.standing.failed(stale.visit, stale.retryAfterMs));
    this.#stale = [];
  }

  /**
   * It is not asked again by this call, and the agent's owner is asked next. When that one was stale too, nobody is: everybody would ask it.
   */
  #isStaleAt(endpoint: Endpoint, visit: Visit, { retryAfterMs, owner }: Staleness): void {
    this.#stale = [...this.#stale, { endpoint, visit, retryAfterMs }];
    const left = this.#left.filter((other) => other !== endpoint);
    const ownerIsStale = this.#stale.some((stale) => stale.endpoint === owner);
    this.#left = ownerIsStale ? [] : [...left.filter((other) => other === owner), ...left.filter((other) => other !== owner)];
    this.#hasAnother = this.#left.length > 0;
  }

  #failed(endpoint: Endpoint, visit: Visit, error: unknown): void {
    const code = error instanceof ControlZeroError ? error.code : undefined;
    if (code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED') {
      endpoint.standing.failed(visit);
      const left = this.#left.filter((other) => other !== endpoint);
      this.#hasAnother = left.length > 0;
      this.#left = this.#hasAnother ? left : this.#order;
    } else if (code === 'CANCELLED') {
      endpoint.standing.abandoned(visit);
    } else {
      this.#answered(endpoint, visit);
    }
  }
}
