import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ControlZeroError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import { StillClock } from '../testing/still-clock.js';
import type { Transport } from '../transport.js';
import { Endpoints } from './endpoints.js';
import type { Route } from './route.js';
import { maxBackOffMs } from './standing.js';

const never = new AbortController().signal;
const unused: Transport = { unary: () => Promise.reject(new Error('not used')), close: async () => undefined };

/** The addresses `a:5050`, `b:5050` and `c:5050`, and a way to ask them that tells which one was. */
function three(clock = new StillClock()) {
  const addresses = ['a', 'b', 'c'].map((name) => ({ authority: `${name}:5050`, transport: { ...unused } }));
  const nameOf = (transport: Transport): string => addresses.find((address) => address.transport === transport)?.authority.charAt(0) ?? '?';
  const ask = async (route: Route, code?: ErrorCode): Promise<string> => {
    let asked = '';
    await route.ask(async (transport) => {
      asked = nameOf(transport);
      if (code !== undefined) {
        throw new ControlZeroError(code, 'no');
      }
    }, never).catch(() => undefined);
    return asked;
  };
  return { endpoints: new Endpoints(addresses, clock), ask, clock };
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
