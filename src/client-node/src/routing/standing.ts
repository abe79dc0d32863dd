import type { Clock } from '../clock.js';

/** The longest first back-off, in milliseconds. The shortest is half of it. */
export const firstBackOffMs = 200;

/** The longest back-off of all, in milliseconds. */
export const maxBackOffMs = 5_000;

/** One call to an address. */
export interface Visit {
  /** How often the address had been set aside when the call was sent. */
  readonly round: number;
  /** Whether the call tries an address that was set aside. */
  readonly isTrial: boolean;
}

/**
 * Whether an address is worth asking. One that failed is set aside for a while, longer each time it fails again; then one call
 * tries it, and the others only follow when that was answered.
 */
export class Standing {
  readonly #clock: Pick<Clock, 'now' | 'random'>;
  #failures = 0;
  #round = 0;
  #setAsideUntil = 0;
  #isTried = false;

  constructor(clock: Pick<Clock, 'now' | 'random'>) {
    this.#clock = clock;
  }

  /** Asks to send a call. `undefined`: the address is set aside, or another call is trying it. */
  tryEnter(): Visit | undefined {
    if (this.#failures > 0 && (this.#isTried || this.#clock.now() < this.#setAsideUntil)) {
      return undefined;
    }
    this.#isTried = this.#failures > 0;
    return { round: this.#round, isTrial: this.#isTried };
  }

  /** Sends a call whatever the standing, because no address stands better. */
  enter(): Visit {
    return { round: this.#round, isTrial: false };
  }

  /** The address answered, be it with an error: it is worth asking again. */
  answered({ round }: Visit): void {
    if (round === this.#round) {
      this.#failures = 0;
      this.#isTried = false;
    }
  }

  /**
   * The address did not answer, or cannot decide. Of the calls it failed together only the first counts. It is left alone for as long as it asked,
   * but no longer than the longest back-off.
   */
  failed({ round }: Visit, atLeastMs = 0): void {
    if (round !== this.#round) {
      return;
    }
    const longestMs = Math.min(firstBackOffMs * 2 ** Math.min(this.#failures, 10), maxBackOffMs);
    const backOffMs = longestMs * (0.5 + this.#clock.random() / 2);
    this.#setAsideUntil = this.#clock.now() + Math.max(backOffMs, Math.min(atLeastMs, maxBackOffMs));
    this.#isTried = false;
    this.#failures++;
    this.#round++;
  }

  /** The caller gave up: nothing was learned. */
  abandoned({ round, isTrial }: Visit): void {
    if (isTrial && round === this.#round) {
      this.#isTried = false;
    }
  }
}
