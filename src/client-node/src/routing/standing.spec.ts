import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StillClock } from '../testing/still-clock.js';
import { Standing, maxBackOffMs } from './standing.js';
import type { Visit } from './standing.js';

function enter(standing: Standing): Visit {
  const visit = standing.tryEnter();
  assert.ok(visit, 'must be let in');
  return visit;
}

/** Leaves the clock where the address may be tried. */
function assertSetAsideFor(standing: Standing, ms: number, clock: StillClock): void {
  clock.time += ms - 0.001;
  assert.equal(standing.tryEnter(), undefined, `let in before ${ms} ms`);
  clock.time += 0.002;
  standing.abandoned(enter(standing));
}

/** One that failed once and may be tried again. */
function due(clock = new StillClock()): Standing {
  const standing = new Standing(clock);
  standing.failed(enter(standing));
  clock.time += maxBackOffMs;
  return standing;
}

for (const [chance, ms] of [[0, 100], [0.5, 150]] as const) {
  test(`Failed_OnceAndChance${chance}_SetsAsideFor${ms}Ms`, () => {
    const clock = new StillClock(chance);
    const standing = new Standing(clock);

    standing.failed(enter(standing));

    assertSetAsideFor(standing, ms, clock);
  });
}

test('Failed_AgainAndAgain_BacksOffTwiceAsLongUpToTheLongest', () => {
  const clock = new StillClock();
  const standing = new Standing(clock);
  standing.failed(enter(standing));

  for (const ms of [100, 200, 400, 800, 1_600, 2_500, 2_500, 2_500, 2_500, 2_500, 2_500, 2_500, 2_500]) {
    assertSetAsideFor(standing, ms, clock);
    standing.failed(enter(standing));
  }
});

for (const [atLeast, ms] of [[0, 100], [99, 100], [1_000, 1_000], [60_000, 5_000]] as const) {
  test(`Failed_AskingToBeLeftAloneFor${atLeast}Ms_SetsAsideFor${ms}Ms`, () => {
    const clock = new StillClock();
    const standing = new Standing(clock);

    standing.failed(enter(standing), atLeast);

    assertSetAsideFor(standing, ms, clock);
  });
}

test('Failed_ManyCallsTogether_CountsOnce', () => {
  const clock = new StillClock();
  const standing = new Standing(clock);
  const visits = Array.from({ length: 100 }, () => enter(standing));

  visits.forEach((visit) => standing.failed(visit));

  assertSetAsideFor(standing, 100, clock);
});

test('TryEnter_AfterTheBackOff_LetsOneCallTry', () => {
  const standing = due();

  assert.ok(standing.tryEnter());
  assert.equal(standing.tryEnter(), undefined);
});

test('Answered_ByTheTry_LetsAllInAndBeginsAnew', () => {
  const clock = new StillClock();
  const standing = due(clock);

  standing.answered(enter(standing));

  assert.ok(standing.tryEnter());
  standing.failed(enter(standing));
  assertSetAsideFor(standing, 100, clock);
});

test('Answered_ByACallFromBeforeTheFailure_LeavesItSetAside', () => {
  const standing = new Standing(new StillClock());
  const [early, failing] = [enter(standing), enter(standing)];
  standing.failed(failing);

  standing.answered(early);

  assert.equal(standing.tryEnter(), undefined);
});

test('Abandoned_ByTheTry_LetsAnotherTry', () => {
  const standing = due();

  standing.abandoned(enter(standing));

  assert.ok(standing.tryEnter());
  assert.equal(standing.tryEnter(), undefined);
});

test('Abandoned_ByAnotherCall_LeavesTheTryAlone', () => {
  const standing = due();
  const forced = standing.enter();
  enter(standing);

  standing.abandoned(forced);

  assert.equal(standing.tryEnter(), undefined);
});
