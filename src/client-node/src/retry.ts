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
}

/** One attempt within the time that is left. */
export type Attempt<T> = (timeoutMs: number, signal: AbortSignal) => Promise<T>;

/**
 * Makes attempts until one is answered. Only `UNAVAILABLE` is tried again, after a jittered pause, or at once when somebody else is asked. The call ends at its
 * deadline whatever the attempt does, and an answer that arrives later is not used.
 */
export async function callWithRetries<T>(attempt: Attempt<T>, bounds: CallBounds, clock: Clock): Promise<T> {
  const deadline = clock.now() + bounds.timeoutMs;
  const over = new AbortController();
  const ended = untilAborted(over.signal);
  const abort = (): void => over.abort(cancelled(bounds.signal?.reason));
  const timer = setTimeout(() => over.abort(deadlineExceeded(bounds.timeoutMs)), bounds.timeoutMs);
  bounds.signal?.addEventListener('abort', abort, { once: true });
  if (bounds.signal?.aborted) {
    abort();
  }
  try {
    for (let made = 1; ; made++) {
      over.signal.throwIfAborted();
      const timeoutMs = deadline - clock.now();
      const outcome = await settle(Promise.race([(async () => attempt(timeoutMs, over.signal))(), ended]));
      over.signal.throwIfAborted();
      if (clock.now() >= deadline) {
        throw deadlineExceeded(bounds.timeoutMs);
      }
      if ('value' in outcome) {
        return outcome.value;
      }
      const error = asControlZeroError(outcome.error);
      if (error.code === 'UNAVAILABLE' && made < bounds.maxAttempts && bounds.elsewhere?.() === true) {
        continue;
      }
      const pauseMs = shortestPauseMs + clock.random() * (longestPauseMs - shortestPauseMs);
      if (error.code !== 'UNAVAILABLE' || made >= bounds.maxAttempts || clock.now() + pauseMs >= deadline) {
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
