import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import type { ControlZero } from './control-zero.js';
import type { EnforceStream } from './enforce-stream.js';
import type { EnforceStreamRequest } from './gen/controlzero/v1/enforcement_pb.js';
import { GrpcTransport } from './grpc-transport.js';
import type { ControlZeroOptions } from './options.js';
import { FakeCluster, apiKey, failure, openRouterStream, staleDeny, statusOf } from './testing/fake-cluster.js';
import type { StreamAnswer } from './testing/fake-cluster.js';
import { agentAskedAt } from './testing/ranking.js';

const gpt = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const gemini = { action: 'llm.generate', resource: 'model/google/gemini-pro' };
let cluster: FakeCluster;
let other: FakeCluster;
let clients: ControlZero[];

beforeEach(async () => {
  [cluster, other] = await Promise.all([new FakeCluster().start(), new FakeCluster().start()]);
  clients = [];
});
afterEach(async () => {
  cluster.stop(); // so that nothing is waited for
  other.stop();
  await Promise.all(clients.map((client) => client.close()));
});

function client(options: ControlZeroOptions = {}): ControlZero {
  const cz = cluster.client(options);
  clients.push(cz);
  return cz;
}

const open = (options: ControlZeroOptions = {}): EnforceStream => client(options).openStream();

/** A promise and the way to keep it. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  return { promise: new Promise<T>((keep) => (resolve = keep)), resolve };
}

/** An allow whose reason is the action that was asked for. */
const named = ({ message }: EnforceStreamRequest): StreamAnswer =>
  ({ case: 'response', value: { decision: 1, effect: 'allow', reason: message.case === 'enforce' ? message.value.action : '' } });

const isAbout = ({ message }: EnforceStreamRequest, action: string): boolean => message.case === 'enforce' && message.value.action === action;
const idsOf = (requests: readonly EnforceStreamRequest[]): string[] =>
  requests.map(({ message }) => (message.case === 'enforce' ? message.value.requestId : message.case ?? ''));

test('Stream_CarriesQuestionsSettlementsAndCancellations', async () => {
  const stream = open();

  const decision = await stream.enforce({ ...gpt, estimate: { inputTokens: 300 } });
  const denied = await stream.check(gemini);
  const settled = await stream.settle({ token: 'held', usage: { inputTokens: 290 }, responseModel: 'model/m' });
  const cancelled = await stream.cancel({ token: 'held-2', agentId: 'agent-2' });

  assert.deepEqual([decision.ruleId, denied.ruleId, settled.overrun, cancelled.late, stream.isOpen], ['rule-1', 'rule-4', true, true, true]);
  await assert.rejects(stream.enforce(gemini), { name: 'PolicyDeniedError', ruleId: 'rule-4' });
  const [enforce, , settle, cancel] = cluster.streamed.map(({ message }) => message.value as { agentId: string; token?: string });
  assert.deepEqual([enforce?.agentId, settle?.agentId, settle?.token, cancel?.agentId, cancel?.token], ['support-bot', 'support-bot', 'held', 'agent-2', 'held-2']);
  assert.deepEqual([cluster.streams.length, cluster.requests.length, cluster.settled.length, cluster.cancels.length], [1, 0, 0, 0]);
});

test('Stream_WhoseAnswersComeInAnyOrder_GivesEachToWhoAsked', async () => {
  const first = later<StreamAnswer>();
  cluster.stream = (request) => (isAbout(request, 'a:0') ? first.promise : named(request));
  const stream = open();
  let isSlow = true;

  const slow = stream.check({ action: 'a:0' }).finally(() => (isSlow = false));
  const others = await Promise.all(Array.from({ length: 50 }, (_, number) => stream.check({ action: `a:${number + 1}` })));
  assert.equal(isSlow, true);
  first.resolve({ case: 'response', value: { decision: 1, effect: 'allow', reason: 'a:0' } });

  assert.deepEqual(others.map(({ reason }) => reason), Array.from({ length: 50 }, (_, number) => `a:${number + 1}`));
  assert.equal((await slow).reason, 'a:0');
});

test('Stream_ManyMoreThanTheServerTakesAtOnce_AnswersEach', async () => {
  cluster.stream = named;
  cluster.opened = (stream) => {
    stream.pause();
    setImmediate(() => stream.resume());
  };
  const stream = open();

  const answers = await Promise.all(Array.from({ length: 5_000 }, (_, number) => stream.check({ action: `a:${number}` })));

  assert.ok(answers.every(({ reason }, number) => reason === `a:${number}`));
  assert.deepEqual([cluster.streams.length, cluster.requests.length, new Set(idsOf(cluster.streamed)).size], [1, 0, 5_000]);
});

test('Stream_ServerTakesNoMore_KeepsTheRestAndSendsNothingOfWhoWent', async () => {
  const isOpen = later<void>();
  cluster.opened = (stream) => {
    stream.pause();
    isOpen.resolve();
  };
  const stream = open();
  const gone = new AbortController();
  const context = { text: 'x'.repeat(4_000) }; // 4 MB in all: more than the connection takes by itself
  const asked = Array.from({ length: 1_000 }, () => stream.check({ ...gpt, context }));
  await isOpen.promise;
  const last = stream.check({ action: 'a:gone' }, { signal: gone.signal });

  gone.abort();
  await assert.rejects(last, { code: 'CANCELLED' });
  cluster.streams[0]?.resume();
  const decisions = await Promise.all(asked);

  assert.ok(decisions.every(({ ruleId }) => ruleId === 'rule-1'));
  assert.deepEqual([cluster.streamed.length, cluster.streamed.filter((request) => isAbout(request, 'a:gone')).length], [1_000, 0]);
});

test('Stream_MessageThatFails_ThrowsWhatTheSingleCallThrowsAndGoesOn', async () => {
  cluster.stream = (request) => (request.message.case === 'settle'
    ? { case: 'error', value: statusOf(status.NOT_FOUND, 'no such reservation', { reason: 'RESERVATION_NOT_FOUND' }) }
    : openRouterStream(request));
  const stream = open();

  await assert.rejects(stream.settle({ token: 'none' }), { code: 'NOT_FOUND', reason: 'RESERVATION_NOT_FOUND' });

  assert.equal((await stream.check(gpt)).allowed, true);
  assert.deepEqual([stream.isOpen, cluster.settled.length], [true, 0]);
});

test('Stream_QuestionThatCannotBeSent_ThrowsAsTheSingleCallAndSendsNothing', async () => {
  const stream = open();

  await assert.rejects(stream.check({ action: '' }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(stream.settle({ token: '' }), { code: 'INVALID_ARGUMENT' });

  assert.equal(cluster.streamed.length, 0);
});

for (const [what, answer] of [
  ['UNAVAILABLE', { case: 'error', value: statusOf(status.UNAVAILABLE, 'not now') }],
  ['SomethingElse', { case: undefined }],
] as const satisfies [string, StreamAnswer][]) {
  test(`Stream_ServerAnswers${what}_IsAskedByASingleCallAtOnceWithTheSameId`, async () => {
    cluster.stream = () => answer;
    const stream = open({ maxAttempts: 1 });

    const decision = await stream.enforce(gpt);
    await stream.settle({ token: 'held' });
    await stream.cancel({ token: 'held' });

    assert.deepEqual(cluster.requests.map(({ requestId }) => requestId), [decision.requestId]);
    assert.deepEqual([idsOf(cluster.streamed)[0], cluster.settled.length, cluster.cancels.length, stream.isOpen], [decision.requestId, 1, 1, true]);
  });
}

test('Stream_Breaks_IsGoneOnWithBySingleCallsWithTheSameIds', async () => {
  cluster.stream = () => Promise.reject(failure(status.UNAVAILABLE, 'the server stops'));
  const stream = open({ maxAttempts: 1 });

  const underWay = await stream.enforce(gpt);
  const afterwards = await stream.enforce(gpt);
  await stream.settle({ token: 'held' });
  await stream.cancel({ token: 'held' });

  assert.equal(stream.isOpen, false);
  assert.deepEqual(idsOf(cluster.streamed), [underWay.requestId]);
  assert.deepEqual(cluster.requests.map(({ requestId }) => requestId), [underWay.requestId, afterwards.requestId]);
  assert.deepEqual([cluster.settled.length, cluster.cancels.length], [1, 1]);
});

test('Stream_KeyNoLongerRight_SaysSoAndAllowsNothing', async () => {
  cluster.stream = () => Promise.reject(failure(status.UNAUTHENTICATED, 'revoked'));
  cluster.enforce = () => Promise.reject(failure(status.UNAUTHENTICATED, 'revoked'));
  const stream = open({ onUnavailable: 'allow' });

  await assert.rejects(stream.check(gpt), { code: 'UNAUTHENTICATED' });
});

test('Stream_AddressThatIsGone_IsAskedElsewhere', async () => {
  const { url } = cluster;
  cluster.stop();
  const stream = open({ url: `${url},${other.url}` });

  assert.equal((await stream.enforce(gpt)).source, 'server');

  assert.deepEqual([other.requests.length, stream.isOpen], [1, false]);
});

test('Stream_ConnectionThatHangs_LeavesTimeForAnotherAddress', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1'); // as a process that is paused
  await once(silent, 'listening');
  const authorities = [`127.0.0.1:${(silent.address() as AddressInfo).port}`, new URL(other.url).host];
  const url = authorities.map((authority) => `http://${authority}`).join(',');
  const stream = open({ url, agentId: agentAskedAt(1, authorities), maxAttempts: 10, timeoutMs: 30_000 });

  const decision = await stream.check(gpt);

  assert.deepEqual([decision.source, stream.isOpen, sockets.length > 0], ['server', false, true]);
  sockets.forEach((socket) => socket.destroy());
  silent.close();
});

test('Stream_AnswerThatNeverComes_IsADenyInTimeAndTheStreamStays', async () => {
  cluster.stream = () => new Promise(() => undefined);
  const stream = open({ timeoutMs: 50 });

  const { allowed, reasonCode, source } = await stream.check(gpt);

  assert.deepEqual([allowed, reasonCode, source, stream.isOpen, cluster.requests.length], [false, 'STATE_UNAVAILABLE', 'client', true, 0]);
});

test('Stream_CallerWhoGivesUp_LeavesItToTheOthers', async () => {
  const asked = later<void>();
  const held = later<StreamAnswer>();
  cluster.stream = (request) => {
    if (!isAbout(request, 'a:slow')) {
      return openRouterStream(request);
    }
    asked.resolve();
    return held.promise;
  };
  const stream = open();
  const gone = new AbortController();
  const slow = stream.check({ action: 'a:slow' }, { signal: gone.signal });
  await asked.promise;

  gone.abort(new Error('left'));
  await assert.rejects(slow, { code: 'CANCELLED' });
  held.resolve({ case: 'response', value: { decision: 1, effect: 'allow' } });

  assert.deepEqual([(await stream.check(gpt)).ruleId, stream.isOpen, cluster.requests.length], ['rule-1', true, 0]);
});

test('Stream_AllowWithAnObligationThatIsNotFulfilled_IsADenyAndGivenBack', async () => {
  cluster.stream = () => ({ case: 'response', value: { decision: 1, effect: 'allow', obligations: [{ name: 'redact_output' }], reservation: { token: 'held' } } });
  const cz = client();
  const stream = cz.openStream();

  const { allowed, reasonCode, reservation } = await stream.check(gpt);
  await cz.close();

  assert.deepEqual([allowed, reasonCode, reservation], [false, 'OBLIGATION_UNKNOWN', undefined]);
  assert.deepEqual(cluster.cancels.map(({ token }) => token), ['held']);
});

test('Close_WithASettlementUnderWay_WaitsForItAndTakesNothingMore', async () => {
  const asked = later<void>();
  const held = later<StreamAnswer>();
  cluster.stream = () => {
    asked.resolve();
    return held.promise;
  };
  const stream = open();
  let isClosed = false;
  const settling = stream.settle({ token: 'held' });
  await asked.promise;

  const closing = stream.close().then(() => (isClosed = true));
  await assert.rejects(stream.check(gpt), { code: 'FAILED_PRECONDITION', reason: 'STREAM_CLOSED' });
  assert.deepEqual([isClosed, stream.isOpen], [false, false]);
  held.resolve({ case: 'settled', value: { overrun: true } });
  await closing;

  assert.equal((await settling).overrun, true);
  assert.equal(cluster.settled.length, 0);
});

test('Close_WithAnAnswerThatNeverComes_EndsInTime', async () => {
  cluster.stream = () => new Promise(() => undefined);
  const stream = open({ timeoutMs: 50 });
  const asking = stream.check(gpt);

  await stream.close();
  await stream.close();

  assert.equal((await asking).reasonCode, 'STATE_UNAVAILABLE');
});

test('Close_OfTheClient_EndsTheStreamAndWhatItCarries', async () => {
  const cz = client();
  const stream = cz.openStream();
  const settling = stream.settle({ token: 'held' });

  await cz.close();

  assert.equal((await settling).overrun, true);
  assert.equal(stream.isOpen, false);
  await assert.rejects(stream.check(gpt), { code: 'FAILED_PRECONDITION', reason: 'CLIENT_CLOSED' });
  assert.throws(() => cz.openStream(), { code: 'FAILED_PRECONDITION', reason: 'CLIENT_CLOSED' });
});

test('Stream_Disposed_IsClosed', async () => {
  const stream = open();
  await stream.check(gpt);

  await stream[Symbol.asyncDispose]();

  assert.equal(stream.isOpen, false);
});

test('OpenStream_TransportWithoutStreams_SaysSo', async () => {
  const transport = new GrpcTransport({ url: new URL(cluster.url), apiKey });
  const cz = client({ transport: { unary: (method, request, options) => transport.unary(method, request, options), close: () => transport.close() } });

  assert.throws(() => cz.openStream(), { code: 'FAILED_PRECONDITION', reason: 'TRANSPORT_WITHOUT_STREAMS' });
});

test('OpenStream_GivenTransport_IsUsed', async () => {
  const cz = client({ transport: new GrpcTransport({ url: new URL(cluster.url), apiKey }) });

  assert.equal((await cz.openStream().check(gpt)).ruleId, 'rule-1');

  assert.equal(cluster.streamed.length, 1);
});

const staleAnswer = (request: EnforceStreamRequest): StreamAnswer =>
  (request.message.case === 'enforce' ? { case: 'response', value: staleDeny(request.message.value) } : openRouterStream(request));

test('Stream_StaleAnswer_IsAskedElsewhereWithTheSameIdAndTheStreamStays', async () => {
  cluster.stream = staleAnswer;
  const stream = open({ url: `${cluster.url},${other.url}`, maxAttempts: 1 });

  const decision = await stream.enforce(gpt);

  assert.deepEqual([idsOf(cluster.streamed), other.requests.map(({ requestId }) => requestId)], [[decision.requestId], [decision.requestId]]);
  assert.deepEqual([cluster.requests.length, stream.isOpen], [0, true]);
});

for (const [name, elsewhere] of [
  ['StaleToo', staleDeny],
  ['Away', () => Promise.reject(failure(status.UNAVAILABLE, 'gone'))],
] as const) {
  test(`Stream_StaleAnswerAndTheOther${name}_IsTheStaleDenyWhateverTheOptionsSay`, async () => {
    cluster.stream = staleAnswer;
    other.enforce = elsewhere;
    const stream = open({ url: `${cluster.url},${other.url}`, onUnavailable: 'allow' });

    const { allowed, reasonCode } = await stream.check(gpt);

    assert.deepEqual([allowed, reasonCode, cluster.requests.length, other.requests.length], [false, 'POLICY_STALE', 0, 1]);
  });
}

test('Stream_StaleAnswerOfTheOnlyAddress_IsTheStaleDeny', async () => {
  cluster.stream = staleAnswer;

  assert.equal((await open().check(gpt)).reasonCode, 'POLICY_STALE');

  assert.equal(cluster.requests.length, 0);
});
