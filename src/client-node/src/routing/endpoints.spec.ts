import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ControlZeroError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import { StillClock } from '../testing/still-clock.js';
import type { Transport } from '../transport.js';
import { Endpoints } from './endpoints.js';
import type { Endpoint } from './endpoint.js';
import type { Route } from './route.js';
import type { Staleness } from './staleness.js';
import { maxBackOffMs } from './standing.js';

const never = new AbortController().signal;
const unused: Transport = { unary: () => Promise.reject(new Error('not used')), close: async () => undefined };

/** The addresses `a:5050`, `b:5050` and `c:5050`, and a way to ask them that tells which one was. */
function three(clock = new StillClock()) {
  const addresses = ['a', 'b', 'c'].map((name) => ({ authority: `${name}:5050`, transport: { ...unused } }));
  const nameOf = (transport: Transport): string => addresses.find((address) => address.transport === transport)?.authority.charAt(0) ?? '?';
  const ask = async (route: Route, code?: ErrorCode, staleness?: Staleness): Promise<string> => {
    let asked = '';
    await route.ask(async (transport) => {
      asked = nameOf(transport);
      if (code !== undefined) {
        throw new ControlZeroError(code, 'no');
      }
    }, never, () => staleness).catch(() => undefined);
    return asked;
  };
  const askStale = (route: Route, owner?: Endpoint): Promise<string> => ask(route, undefined, { retryAfterMs: 1_000, owner });
  return { endpoints: new Endpoints(addresses, clock), ask, askStale, clock };
}

for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
  test(`Route_${code}_GoesOnInOrderAndThenBeginsAnew`, async () => {
    const { endpoints, ask } = three();
    const route = endpoints.inOrder();
    const asked: [string, boolean][] = [];

    for (let attempt = 0; attempt < 4; attempt++) {
      asked.push([await ask(route, code), route.hasAnother]);
    }

    assert.deepEqual(asked, [['a', true], ['b', true], ['c', false], ['a', true]]);
  });
}

for (const code of ['INTERNAL', 'RESOURCE_EXHAUSTED', 'UNAUTHENTICATED', 'CANCELLED'] as const) {
  test(`Route_${code}_KeepsTheAddress`, async () => {
    const { endpoints, ask } = three();
    const route = endpoints.inOrder();

    await ask(route, code);

    assert.equal(route.hasAnother, false);
    assert.deepEqual([await ask(route), await ask(endpoints.inOrder())], ['a', 'a']);
  });
}

test('Route_AddressFailedAnotherCall_IsPassedOverUntilItsBackOffEnds', async () => {
  const { endpoints, ask, clock } = three();
  await ask(endpoints.inOrder(), 'UNAVAILABLE');

  assert.equal(await ask(endpoints.inOrder()), 'b');
  clock.time += maxBackOffMs;

  assert.deepEqual([await ask(endpoints.inOrder()), await ask(endpoints.inOrder())], ['a', 'a']);
});

test('Route_OneCallTriesTheAddress_TheOthersDoNotWaitForIt', async () => {
  const { endpoints, ask, clock } = three();
  await ask(endpoints.inOrder(), 'UNAVAILABLE');
  clock.time += maxBackOffMs;
  let answer: () => void = () => undefined;
  const trial = endpoints.inOrder().ask(() => new Promise<void>((resolve) => (answer = resolve)), never);

  assert.equal(await ask(endpoints.inOrder()), 'b');
  answer();
  await trial;

  assert.equal(await ask(endpoints.inOrder()), 'a');
});

test('Route_AllSetAside_AsksInOrderAllTheSame', async () => {
  const { endpoints, ask } = three();
  const failing = endpoints.inOrder();
  await ask(failing, 'UNAVAILABLE');
  await ask(failing, 'UNAVAILABLE');
  await ask(failing, 'UNAVAILABLE');

  const route = endpoints.inOrder();

  assert.deepEqual([await ask(route, 'UNAVAILABLE'), await ask(route)], ['a', 'b']);
});

for (const [code, next] of [['DEADLINE_EXCEEDED', 'b'], ['CANCELLED', 'a']] as const) {
  test(`Route_AttemptThatNeverEndsAborted${code}_IsNotedAtOnce`, async () => {
    const { endpoints, ask } = three();
    const over = new AbortController();
    void endpoints.inOrder().ask(() => new Promise(() => undefined), over.signal);

    over.abort(new ControlZeroError(code, 'over'));

    assert.equal(await ask(endpoints.inOrder()), next);
  });
}

test('Route_StaleBeforeAnotherAnswers_IsSetAsideForAsLongAsItAsked', async () => {
  const { endpoints, ask, askStale, clock } = three();
  const route = endpoints.inOrder();

  assert.deepEqual([await askStale(route), route.hasAnother, route.isStale], ['a', true, true]);
  assert.equal(endpoints.firstReachable().authority, 'a:5050');
  assert.deepEqual([await ask(route), route.hasAnother, route.isStale], ['b', false, false]);
  route.leave();

  assert.equal(endpoints.firstReachable().authority, 'b:5050');
  clock.time += 999;
  assert.equal(endpoints.firstReachable().authority, 'b:5050');
  clock.time += 1;
  assert.equal(endpoints.firstReachable().authority, 'a:5050');
});

test('Route_StaleEverywhere_AsksEachOnceAndSetsNoneAside', async () => {
  const { endpoints, askStale } = three();
  const route = endpoints.inOrder();
  const asked: [string, boolean][] = [];

  for (let attempt = 0; attempt < 3; attempt++) {
    asked.push([await askStale(route), route.hasAnother]);
  }
  route.leave();

  assert.deepEqual(asked, [['a', true], ['b', true], ['c', false]]);
  assert.equal(endpoints.firstReachable().authority, 'a:5050');
});

test('Route_StaleAndTheOthersFail_IsStillStaleAndAsksNobodyTwice', async () => {
  const { endpoints, ask, askStale } = three();
  const route = endpoints.inOrder();

  assert.deepEqual([await askStale(route), await ask(route, 'UNAVAILABLE'), await ask(route, 'UNAVAILABLE')], ['a', 'b', 'c']);

  assert.deepEqual([route.isStale, route.hasAnother], [true, false]);
});

test('Route_StaleByATryThatNoOtherAnswers_LetsAnotherTry', async () => {
  const { endpoints, ask, askStale, clock } = three();
  await ask(endpoints.inOrder(), 'UNAVAILABLE');
  clock.time += maxBackOffMs;
  const trying = endpoints.inOrder();

  await askStale(trying);
  assert.equal(endpoints.firstReachable().authority, 'b:5050');
  trying.leave();

  assert.equal(endpoints.firstReachable().authority, 'a:5050');
});

test('Route_StaleNamesTheOwner_AsksItNext', async () => {
  const { endpoints, ask, askStale } = three();
  const route = endpoints.inOrder();

  assert.deepEqual([await askStale(route, endpoints.learn('support-bot', 'c:5050')), await ask(route)], ['a', 'c']);
});

test('Route_StaleNamesAnOwnerThatWasStale_AsksNobodyElse', async () => {
  const { endpoints, askStale } = three();
  const route = endpoints.inOrder();
  await askStale(route);

  await askStale(route, endpoints.learn('support-bot', 'a:5050'));

  assert.equal(route.hasAnother, false);
});

test('Route_StaleInAnotherWay_IsNotAsked', async () => {
  const { endpoints, ask } = three();
  const route = endpoints.inOrder();

  route.noteStale(endpoints.firstReachable(), { retryAfterMs: 1_000 });

  assert.equal(await ask(route), 'b');
  assert.equal(endpoints.firstReachable().authority, 'b:5050');
});

test('Learn_OwnerNamed_IsAskedFirst', async () => {
  const { endpoints, ask } = three(); // `support-bot` ranks b, c, a
  assert.equal(await ask(endpoints.routeFor('support-bot')), 'b');

  endpoints.learn('support-bot', 'A:5050');
  endpoints.learn('support-bot', undefined);

  const route = endpoints.routeFor('support-bot');
  assert.deepEqual([await ask(route, 'UNAVAILABLE'), await ask(route, 'UNAVAILABLE'), await ask(route, 'UNAVAILABLE')], ['a', 'b', 'c']);
});

for (const owner of ['elsewhere:5050', 'nonsense', '']) {
  test(`Learn_Owner[${owner}]ThatIsNoneOfTheAddresses_GoesByTheOrderAgain`, async () => {
    const { endpoints, ask } = three();
    endpoints.learn('support-bot', 'a:5050');

    endpoints.learn('support-bot', owner);

    assert.equal(await ask(endpoints.routeFor('support-bot')), 'b');
  });
}
