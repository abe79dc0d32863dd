import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import { ControlZero } from './control-zero.js';
import type { Decision } from './decision.js';
import { Door } from './testing/door.js';
import { FakeCluster, apiKey, failure, openRouterPolicy } from './testing/fake-cluster.js';
import type { Answer } from './testing/fake-cluster.js';

const ask = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
});
afterEach(() => cluster.stop());

test('Call_UnavailableTwice_CarriesTheSameRequestIdOnEveryAttempt', async () => {
  cluster.enforce = (request, attempt) => (attempt < 3 ? Promise.reject(failure(status.UNAVAILABLE, 'moving')) : openRouterPolicy(request));
  const cz = cluster.client();

  const decision = await cz.enforce(ask);
  await cz.enforce(ask);

  const [first, second, third, other] = cluster.requests.map(({ requestId }) => requestId);
  assert.deepEqual([second, third, decision.requestId], [first, first, first]);
  assert.notEqual(other, first);
  await cz.close();
});

test('Call_ResourceExhausted_IsMadeOnce', async () => {
  cluster.enforce = () => Promise.reject(failure(status.RESOURCE_EXHAUSTED, 'shedding load'));
  const cz = cluster.client();

  await assert.rejects(cz.check(ask), { code: 'RESOURCE_EXHAUSTED' });

  assert.equal(cluster.requests.length, 1);
  await cz.close();
});

test('Call_ServerNeverAnswers_DeniesAtTheDeadline', async () => {
  cluster.enforce = () => new Promise<Answer>(() => undefined);
  const cz = cluster.client({ timeoutMs: 200 });

  const decision = await cz.check(ask);

  assert.deepEqual([decision.allowed, decision.reasonCode, decision.source], [false, 'STATE_UNAVAILABLE', 'client']);
  assert.match(decision.reason, /DEADLINE_EXCEEDED/);
  assert.ok(cluster.requests.length <= 1, 'a question without an answer was asked again');
  await cz.close();
});

test('Call_ServerAnswersAfterTheDeadline_AnswerIsNotUsed', async () => {
  let release: (answer: Answer) => void = () => undefined;
  cluster.enforce = () => new Promise<Answer>((resolve) => (release = resolve));
  const cz = cluster.client({ timeoutMs: 200 });

  const late = await cz.check(ask);
  release({ decision: 1, effect: 'allow' });
  cluster.enforce = openRouterPolicy;
  const next = await decidedByServer(cz, 'model/google/gemini-pro');

  assert.deepEqual([late.allowed, late.source], [false, 'client']);
  assert.equal(next.allowed, false);
  await cz.close();
});

test('Call_EventLoopBlockedPastTheDeadline_AnswerIsNotUsed', async () => {
  const cz = cluster.client({ timeoutMs: 100 });
  await cz.initialize().catch(() => undefined); // opens the connection, in time or not
  cluster.enforce = (request) => {
    const end = performance.now() + 150;
    while (performance.now() < end) {
      // holds client and server alike: the answer is read after the deadline
    }
    return openRouterPolicy(request);
  };

  const decision = await cz.check(ask);

  assert.deepEqual([decision.allowed, decision.source], [false, 'client']);
  await cz.close();
});

test('Call_SignalAborted_IsCancelledOnTheServerTooAndNeverAllows', async () => {
  const controller = new AbortController();
  const left = new Error('user left');
  const serverSawIt = new Promise<void>((resolve) => (cluster.cancelled = resolve));
  cluster.enforce = () => {
    controller.abort(left);
    return new Promise<Answer>(() => undefined);
  };
  const cz = cluster.client({ onUnavailable: 'allow' });

  await assert.rejects(cz.enforce(ask, { signal: controller.signal }), { name: 'ControlZeroError', code: 'CANCELLED', cause: left });

  await within(30_000, serverSawIt, 'the server to see the call cancelled');
  await cz.close();
});

test('Calls_ManyAtOnce_ShareOneConnection', async () => {
  const cz = cluster.client();

  await Promise.all(Array.from({ length: 50 }, () => cz.check(ask)));

  assert.equal(cluster.requests.length, 50);
  assert.equal(cluster.peers.size, 1);
  await cz.close();
});

test('Call_ServerStartedAgain_FindsIt', async () => {
  const door = await Door.to(cluster.url);
  const cz = cluster.client({ url: `http://${door.authority}` });
  await cz.enforce(ask);
  door.block();
  assert.equal((await cz.check(ask)).source, 'client');

  door.unblock();

  assert.equal((await decidedByServer(cz)).allowed, true);
  await cz.close();
  await door.shut();
});

/** Waits for what a test armed before; fails with what it waited for. */
async function within(ms: number, event: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
}

/** Asks until the server decides, for a minute at most: how many calls that takes depends on the machine. */
async function decidedByServer(cz: ControlZero, resource = ask.resource): Promise<Decision> {
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    const decision = await cz.check({ ...ask, resource });
    if (decision.source === 'server') {
      return decision;
    }
  }
  assert.fail('the server decided nothing for a minute');
}

for (const [scheme, firstByte] of [['http', 'P'.charCodeAt(0)], ['https', 0x16]] as const) {
  test(`Url_${scheme}_Speaks${scheme === 'http' ? 'Http2InTheClear' : 'Tls'}`, async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const connected = once(listener, 'connection');
    const { port } = listener.address() as AddressInfo;
    const cz = new ControlZero({ url: `${scheme}://localhost:${port}`, apiKey, timeoutMs: 60_000, maxAttempts: 1 });

    const call = cz.check({ ...ask, agentId: 'bot' });
    const [socket] = (await connected) as [Socket];
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    listener.close();

    assert.equal(bytes[0], firstByte);
    assert.equal((await call).allowed, false);
    await cz.close();
  });
}
