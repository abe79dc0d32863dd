import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Clock } from './clock.js';
import { ControlZeroError } from './errors.js';
import { callWithRetries } from './retry.js';

const bounds = { timeoutMs: 2_000, maxAttempts: 3 };
const unavailable = (): ControlZeroError => new ControlZeroError('UNAVAILABLE', 'gone');

/** A clock that only moves when the test or a pause moves it. */
function fakeClock(chance = 0) {
  const clock = {
    time: 1_000,
    pauses: [] as number[],
    now: () => clock.time,
    random: () => chance,
    sleep: async (ms: number) => {
      clock.pauses.push(ms);
      clock.time += ms;
    },
  };
  return clock satisfies Clock;
}

/** Fails with each error in turn, then answers; takes `ms` of the clock for each. */
function attempts(clock: { time: number }, errors: unknown[], ms = 0) {
  const left: number[] = [];
  const attempt = async (timeoutMs: number): Promise<string> => {
    left.push(timeoutMs);
    clock.time += ms;
    const error = errors[left.length - 1];
    if (error !== undefined) {
      throw error;
    }
    return 'answer';
  };
  return { attempt, left };
}

for (const [chance, pause] of [[0, 50], [0.5, 125], [0.999, 199.85]] as const) {
  test(`Retry_UnavailableTwiceAndChance${chance}_Pauses${pause}MsAndAnswers`, async () => {
    const clock = fakeClock(chance);
    const { attempt, left } = attempts(clock, [unavailable(), unavailable()]);

    assert.equal(await callWithRetries(attempt, bounds, clock), 'answer');

    assert.deepEqual(clock.pauses.map((ms) => Math.round(ms * 100) / 100), [pause, pause]);
    assert.equal(left.length, 3);
    assert.equal(left[0], 2_000);
    assert.equal(left[1], 2_000 - clock.pauses[0]!);
  });
}

test('Retry_SomebodyElseCanBeAsked_DoesNotPauseAndCountsTheAttempt', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [unavailable(), unavailable(), unavailable()]);

  await assert.rejects(callWithRetries(attempt, { ...bounds, elsewhere: () => true }, clock), { code: 'UNAVAILABLE' });

  assert.deepEqual([left, clock.pauses], [[2_000, 2_000, 2_000], []]);
});

test('Retry_SomebodyElseCanBeAskedButNotUnavailable_IsNotTriedAgain', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [new ControlZeroError('INTERNAL', 'no')]);

  await assert.rejects(callWithRetries(attempt, { ...bounds, elsewhere: () => true }, clock), { code: 'INTERNAL' });

  assert.equal(left.length, 1);
});

test('Retry_UnavailableForEver_EndsAfterMaxAttempts', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [unavailable(), unavailable(), unavailable()]);

  await assert.rejects(callWithRetries(attempt, bounds, clock), { code: 'UNAVAILABLE' });

  assert.equal(left.length, 3);
});

for (const code of ['RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED', 'ABORTED', 'INTERNAL', 'CANCELLED'] as const) {
  test(`Retry_${code}_IsNotTriedAgain`, async () => {
    const clock = fakeClock();
    const { attempt, left } = attempts(clock, [new ControlZeroError(code, 'no')]);

    await assert.rejects(callWithRetries(attempt, bounds, clock), { code });

    assert.equal(left.length, 1);
  });
}

test('Retry_PauseWouldPassTheDeadline_EndsWithTheLastError', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [unavailable()], 1_960);

  await assert.rejects(callWithRetries(attempt, bounds, clock), { code: 'UNAVAILABLE' });

  assert.equal(left.length, 1);
  assert.deepEqual(clock.pauses, []);
});

test('Retry_AnswerAfterTheDeadline_IsNotUsed', async () => {
  const clock = fakeClock();
  const { attempt } = attempts(clock, [], 2_000);

  await assert.rejects(callWithRetries(attempt, bounds, clock), { code: 'DEADLINE_EXCEEDED' });
});

test('Retry_AnswerJustBeforeTheDeadline_IsUsed', async () => {
  const clock = fakeClock();
  const { attempt } = attempts(clock, [], 1_999);

  assert.equal(await callWithRetries(attempt, bounds, clock), 'answer');
});

test('Retry_AttemptThatNeverEnds_EndsAtTheDeadline', async () => {
  const signals: AbortSignal[] = [];
  const attempt = (_: number, signal: AbortSignal): Promise<never> => {
    signals.push(signal);
    return new Promise(() => undefined);
  };

  await assert.rejects(callWithRetries(attempt, { timeoutMs: 20, maxAttempts: 3 }, fakeClock()), { code: 'DEADLINE_EXCEEDED' });

  assert.deepEqual(signals.map(({ aborted }) => aborted), [true]);
});

test('Retry_TransportThrowsAnythingElse_IsUnknownAndNotTriedAgain', async () => {
  const clock = fakeClock();
  const bug = new TypeError('bug');
  let made = 0;

  await assert.rejects(callWithRetries(() => {
    made++;
    throw bug;
  }, bounds, clock), { code: 'UNKNOWN', cause: bug });

  assert.equal(made, 1);
});

test('Retry_SignalAbortedBefore_MakesNoAttempt', async () => {
  const { attempt, left } = attempts(fakeClock(), []);
  const reason = new Error('user left');

  await assert.rejects(callWithRetries(attempt, { ...bounds, signal: AbortSignal.abort(reason) }, fakeClock()), { code: 'CANCELLED', cause: reason });

  assert.equal(left.length, 0);
});

test('Retry_SignalAbortedDuringAPause_MakesNoOtherAttempt', async () => {
  const controller = new AbortController();
  const clock = { ...fakeClock(), sleep: async () => controller.abort() };
  const { attempt, left } = attempts({ time: 0 }, [unavailable()]);

  await assert.rejects(callWithRetries(attempt, { ...bounds, signal: controller.signal }, clock), { code: 'CANCELLED' });

  assert.equal(left.length, 1);
});

/** Answers of servers of which the first `stale` do not know what is in force; others can be asked. */
function stale(count: number, errors: unknown[] = []) {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, errors, 100);
  let answered = 0;
  const counted = async (timeoutMs: number): Promise<string> => `${await attempt(timeoutMs)} ${++answered}`;
  return { clock, left, attempt: counted, isStale: () => answered > 0 && answered <= count };
}

test('Retry_StaleAnswerAndSomebodyElse_AsksThemAtOnceInTheTimeThatIsLeft', async () => {
  const { clock, attempt, left, isStale } = stale(1);

  assert.equal(await callWithRetries(attempt, { ...bounds, isStale, elsewhere: () => true }, clock), 'answer 2');

  assert.deepEqual([left, clock.pauses], [[2_000, 1_900], []]);
});

test('Retry_StaleAnswerAndNobodyElse_IsTheAnswer', async () => {
  const { clock, attempt, left, isStale } = stale(9);

  assert.equal(await callWithRetries(attempt, { ...bounds, isStale, elsewhere: () => left.length < 2 }, clock), 'answer 2');

  assert.deepEqual([left.length, clock.pauses], [2, []]);
});

test('Retry_StaleAnswersForEver_EndsAfterMaxAttempts', async () => {
  const { clock, attempt, left, isStale } = stale(9);

  assert.equal(await callWithRetries(attempt, { ...bounds, isStale, elsewhere: () => true }, clock), 'answer 3');

  assert.equal(left.length, 3);
});

for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
  test(`Retry_StaleAnswerAndThen${code}_IsTheStaleAnswer`, async () => {
    const { clock, attempt, isStale } = stale(9, [undefined, new ControlZeroError(code, 'no'), new ControlZeroError(code, 'no')]);

    assert.equal(await callWithRetries(attempt, { ...bounds, isStale, elsewhere: () => true }, clock), 'answer 1');

    assert.deepEqual(clock.pauses, []);
  });
}

test('Retry_StaleAnswerAndThenRefused_Throws', async () => {
  const { clock, attempt, isStale } = stale(9, [undefined, new ControlZeroError('UNAUTHENTICATED', 'no')]);

  await assert.rejects(callWithRetries(attempt, { ...bounds, isStale, elsewhere: () => true }, clock), { code: 'UNAUTHENTICATED' });
});

test('Retry_StaleAnswerAndThenNobodyInTime_IsTheStaleAnswer', async () => {
  let made = 0;
  const attempt = async (): Promise<string> => (made++ === 0 ? 'stale' : new Promise<string>(() => undefined));

  assert.equal(await callWithRetries(attempt, { timeoutMs: 20, maxAttempts: 3, isStale: () => made > 0, elsewhere: () => true }, fakeClock()), 'stale');

  assert.equal(made, 2);
});

test('Retry_StaleAnswerAfterTheDeadline_IsNotUsed', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [], 2_000);

  await assert.rejects(callWithRetries(attempt, { ...bounds, isStale: () => true, elsewhere: () => true }, clock), { code: 'DEADLINE_EXCEEDED' });

  assert.equal(left.length, 1);
});

test('Retry_StaleAnswerAndTheCallerGoes_IsCancelled', async () => {
  const controller = new AbortController();
  let made = 0;
  const attempt = async (): Promise<string> => {
    if (made++ > 0) {
      controller.abort();
    }
    return 'stale';
  };

  await assert.rejects(callWithRetries(attempt, { ...bounds, signal: controller.signal, isStale: () => true, elsewhere: () => true }, fakeClock()), { code: 'CANCELLED' });

  assert.equal(made, 2);
});

test('Retry_AnotherWayFirst_IsNotCountedAndTheAttemptsFollowWithoutAPause', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, [unavailable()]);
  const first = async (): Promise<string> => {
    clock.time += 100;
    throw unavailable();
  };

  assert.equal(await callWithRetries(attempt, { ...bounds, maxAttempts: 2 }, clock, first), 'answer');

  assert.deepEqual([left, clock.pauses], [[1_900, 1_850], [50]]);
});

test('Retry_AnotherWayFirstAnswers_IsTheAnswer', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, []);

  assert.equal(await callWithRetries(attempt, bounds, clock, async () => 'first'), 'first');

  assert.equal(left.length, 0);
});

test('Retry_AnotherWayFirstRefuses_IsRefused', async () => {
  const clock = fakeClock();
  const { attempt, left } = attempts(clock, []);

  await assert.rejects(callWithRetries(attempt, bounds, clock, async () => {
    throw new ControlZeroError('NOT_FOUND', 'no');
  }), { code: 'NOT_FOUND' });

  assert.equal(left.length, 0);
});
