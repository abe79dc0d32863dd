import type { Clock } from './clock.js';
import { ControlZeroError } from './errors.js';

/** The shortest pause before another attempt, in milliseconds. */
const shortestPauseMs = 50;

/** The longest pause before another attempt, in milliseconds. */
const longestPauseMs = 200;

/** Bounds of one call. */
export interface CallBounds {
  /** Time for the whole call, pauses and all attempts included, in milliseconds. */
  readonly timeoutMs: number;
  /** Attempts at most, the first included. */
  readonly maxAttempts: number;
  /** The caller's own way to end the call. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the next attempt asks somebody else, and need not pause. Default: it never does. */
  readonly elsewhere?: (() => boolean) | undefined;
  /** Whether all answers so far are of servers that do not know what is in force, so that somebody else is worth asking. Default: none is. */
  readonly isStale?: (() => boolean) | undefined;
}

/** One attempt within the time that is left. */
export type Attempt<T> = (timeoutMs: number, signal: AbortSignal) => Promise<T>;

/**
 * Makes attempts until one is answered. Only `UNAVAILABLE` is tried again, after a jittered pause, or at once when somebody else is asked, and so is
 * somebody else after a stale answer: that is the answer when nobody knows better. The call ends at its deadline whatever the attempt does, and an
 * answer that arrives later is not used.
 * @param first another way, tried before the attempts and not counted; when it is `UNAVAILABLE` they follow without a pause
 */
export async function callWithRetries<T>(attempt: Attempt<T>, bounds: CallBounds, clock: Clock, first?: Attempt<T>): Promise<T> {
  const deadline = clock.now() + bounds.timeoutMs;
  const over = new AbortController();
  const ended = untilAborted(over.signal);
  const abort = (): void => over.abort(cancelled(bounds.signal?.reason));
  const timer = setTimeout(() => over.abort(deadlineExceeded(bounds.timeoutMs)), bounds.timeoutMs);
  bounds.signal?.addEventListener('abort', abort, { once: true });
  if (bounds.signal?.aborted) {
    abort();
  }
  const once = async (way: Attempt<T>): Promise<T> => {
    over.signal.throwIfAborted();
    const timeoutMs = deadline - clock.now();
    const outcome = await settle(Promise.race([(async () => way(timeoutMs, over.signal))(), ended]));
    over.signal.throwIfAborted();
    if (clock.now() >= deadline) {
      throw deadlineExceeded(bounds.timeoutMs);
    }
    if ('value' in outcome) {
      return outcome.value;
    }
    throw asControlZeroError(outcome.error);
  };
  try {
    let stale: { value: T } | undefined;
    for (let made = first === undefined ? 1 : 0; ; made++) {
      const outcome = await settle(once(made === 0 && first !== undefined ? first : attempt));
      const isStale = bounds.isStale?.() === true;
      if ('value' in outcome) {
        if (!isStale) {
          return outcome.value;
        }
        stale = outcome;
      }
      const error = 'value' in outcome ? undefined : asControlZeroError(outcome.error);
      const mayAskAgain = made < bounds.maxAttempts && (error === undefined || error.code === 'UNAVAILABLE');
      if (mayAskAgain && (bounds.elsewhere?.() === true || (made === 0 && error !== undefined))) {
        continue;
      }
      // A deny that arrived denies: that others are away besides is no outage that `onUnavailable` could make an allow of.
      if (isStale && stale !== undefined && (error === undefined || error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED')) {
        return stale.value;
      }
      const pauseMs = shortestPauseMs + clock.random() * (longestPauseMs - shortestPauseMs);
      if (!mayAskAgain || clock.now() + pauseMs >= deadline) {
        throw error;
      }
      await settle(clock.sleep(pauseMs, over.signal));
    }
  } finally {
    clearTimeout(timer);
    bounds.signal?.removeEventListener('abort', abort);
  }
}

async function settle<T>(promise: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  ended.catch(() => undefined); // nobody waits for it between two attempts
  return ended;
}

function asControlZeroError(error: unknown): ControlZeroError {
  if (error instanceof ControlZeroError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ControlZeroError('UNKNOWN', `the transport failed: ${message}`, { cause: error });
}

function deadlineExceeded(timeoutMs: number): ControlZeroError {
  return new ControlZeroError('DEADLINE_EXCEEDED', `no answer within ${timeoutMs} ms; look at the cluster's load, or raise \`timeoutMs\``);
}

function cancelled(cause: unknown): ControlZeroError {
  return new ControlZeroError('CANCELLED', 'the call was cancelled by its `signal`', { cause });
}
