import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, so that tests can stand in for both. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Waits; rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Even chance in [0, 1). */
  random(): number;
}

/** The clock of the process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
  random: () => Math.random(),
};
