import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';

import type { ControlZero } from './control-zero.js';
import type { ControlZeroOptions } from './options.js';
import { EnforceRequestSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceBatchRequest, EnforceRequest } from './gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, failure, itemFailure, openRouterPolicy, staleDeny } from './testing/fake-cluster.js';
import type { Answer, BatchAnswer } from './testing/fake-cluster.js';
import { agentAskedAt } from './testing/ranking.js';

const gpt = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const gemini = { action: 'llm.generate', resource: 'model/google/gemini-pro' };
let servers: FakeCluster[];
let clients: ControlZero[];

beforeEach(async () => {
  servers = await Promise.all([1, 2, 3].map(() => new FakeCluster().start()));
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  servers.forEach((server) => server.stop());
});

/** A client that knows all of them and is asked at the first one first. */
function client(options: ControlZeroOptions = {}): ControlZero {
  const urls = servers.map(({ url }) => url);
  const agentId = agentAskedAt(0, urls.map((url) => new URL(url).host));
  const cz = new FakeCluster().client({ url: urls.join(','), agentId, maxAttempts: 10, ...options });
  clients.push(cz);
  return cz;
}

const counts = (): number[] => servers.map(({ requests }) => requests.length);
const bytesOf = (request: EnforceRequest): string => Buffer.from(toBinary(EnforceRequestSchema, request)).toString('hex');
const isGone = (server: FakeCluster): unknown => (server.enforce = () => Promise.reject(failure(status.UNAVAILABLE, 'gone')));
const isStale = (server: FakeCluster): unknown => (server.enforce = staleDeny);

/** The policy's answers to a batch, with those at these places replaced. */
const except = ({ requests }: EnforceBatchRequest, replaced: Record<number, NonNullable<BatchAnswer['results']>[number]>): BatchAnswer => ({
  results: requests.map((request, index) => replaced[index] ?? { result: { case: 'response', value: openRouterPolicy(request) } }),
});
const stale = (requestId = ''): NonNullable<BatchAnswer['results']>[number] =>
  ({ result: { case: 'response', value: staleDeny({ requestId } as EnforceRequest) } });

for (const dryRun of [false, true]) {
  test(`Check_StaleAddressAndDryRun${dryRun}_AsksTheNextWithTheSameQuestion`, async () => {
    isStale(servers[0]!);

    const decision = await client().enforce({ ...gpt, dryRun });

    assert.deepEqual([decision.source, decision.dryRun], ['server', dryRun]);
    assert.deepEqual(counts().sort(), [0, 1, 1]);
    const asked = servers.flatMap(({ requests }) => requests);
    assert.equal(new Set(asked.map(bytesOf)).size, 1);
    assert.equal(asked[0]?.requestId, decision.requestId);
  });
}

test('Check_AllStale_AsksEachOnceAndIsTheStaleDeny', async () => {
  servers.forEach(isStale);

  const { allowed, reasonCode, source, retryAfterMs } = await client({ onUnavailable: 'allow' }).check(gpt);

  assert.deepEqual({ allowed, reasonCode, source, retryAfterMs }, { allowed: false, reasonCode: 'POLICY_STALE', source: 'server', retryAfterMs: 1_000 });
  assert.deepEqual(counts(), [1, 1, 1]);
});

test('Check_AllStale_AsksNoMoreThanMaxAttempts', async () => {
  servers.forEach(isStale);

  assert.equal((await client({ maxAttempts: 2 }).check(gpt)).reasonCode, 'POLICY_STALE');

  assert.equal(counts().reduce((sum, count) => sum + count), 2);
});

test('Check_OneAddress_TakesTheStaleDeny', async () => {
  isStale(servers[0]!);

  assert.equal((await client({ url: servers[0]!.url }).check(gpt)).reasonCode, 'POLICY_STALE');

  assert.deepEqual(counts(), [1, 0, 0]);
});

test('Check_OtherDenyThatMayBeAskedAgain_IsNotAskedElsewhere', async () => {
  servers[0]!.enforce = (request) => ({ ...staleDeny(request), reasonCode: 'QUOTA_EXCEEDED' });

  assert.equal((await client().check(gpt)).reasonCode, 'QUOTA_EXCEEDED');

  assert.deepEqual(counts(), [1, 0, 0]);
});

for (const onUnavailable of ['deny', 'allow'] as const) {
  test(`Check_StaleAndTheOthersAwayAndOnUnavailable${onUnavailable}_IsTheStaleDeny`, async () => {
    servers.forEach(isGone);
    isStale(servers[0]!);

    const { allowed, reasonCode } = await client({ onUnavailable }).check(gpt);

    assert.deepEqual([allowed, reasonCode, counts()], [false, 'POLICY_STALE', [1, 1, 1]]);
  });
}

test('Check_StaleAndTheNextRefuses_IsRefused', async () => {
  servers.forEach((server) => (server.enforce = () => Promise.reject(failure(status.UNAUTHENTICATED, 'revoked'))));
  isStale(servers[0]!);

  await assert.rejects(client().check(gpt), { code: 'UNAUTHENTICATED' });

  assert.deepEqual(counts().sort(), [0, 1, 1]);
});

test('Check_StaleAndTheCallerGoes_IsCancelled', async () => {
  const gone = new AbortController();
  servers.forEach((server) => (server.enforce = () => {
    gone.abort();
    return new Promise(() => undefined);
  }));
  isStale(servers[0]!);

  await assert.rejects(client().check(gpt, { signal: gone.signal }), { code: 'CANCELLED' });
});

for (const owner of [1, 2]) {
  test(`Check_StaleAnswerNamesTheOwner${owner}_AsksThatOneNextAndFromThenOn`, async () => {
    isStale(servers[0]!);
    servers[0]!.owner = new URL(servers[owner]!.url).host;
    const cz = client();

    await cz.enforce(gpt);
    await cz.enforce(gpt);

    assert.deepEqual([counts()[0], counts()[owner]], [1, 2]);
  });
}

test('Check_OwnerIsStale_AsksNobodyWhoWouldOnlyAskTheOwner', async () => {
  servers.forEach(isStale);
  servers.slice(1).forEach((server) => (server.owner = new URL(servers[0]!.url).host));

  assert.equal((await client().check(gpt)).reasonCode, 'POLICY_STALE');

  assert.deepEqual([counts()[0], counts()[1]! + counts()[2]!], [1, 1]);
});

test('Check_TryThatWasStaleAsAllWere_LetsAnotherTry', async () => {
  const cz = client();
  let asked: number[] = [];
  const each = (answer: (request: EnforceRequest) => Answer): void => servers.forEach((server, index) => (server.enforce = (request) => {
    asked.push(index);
    return answer(request);
  }));
  const untilTheFirstIsAskedFirst = async (): Promise<void> => {
    const begun = performance.now();
    do {
      asked = [];
      await cz.check(gpt);
      assert.ok(performance.now() - begun < 20_000, 'the first address is not asked any more');
    } while (asked[0] !== 0);
  };
  isGone(servers[0]!);
  await cz.check(gpt);

  each(staleDeny);
  await untilTheFirstIsAskedFirst(); // after its back-off one call tries it
  each(openRouterPolicy);

  await untilTheFirstIsAskedFirst();
});

test('CheckBatch_SomeStale_AsksThoseElsewhereWithTheSameRequestIds', async () => {
  servers[0]!.enforceBatch = (request) => except(request, { 1: stale(), 3: stale() });

  const outcomes = await client().checkBatch([gemini, gpt, gpt, gpt]);

  assert.deepEqual(outcomes.map(({ decision }) => decision?.allowed), [false, true, true, true]);
  const [first, ...others] = servers.map(({ batches }) => batches.map(({ requests }) => requests.map(bytesOf)));
  assert.deepEqual(others.flat(), [[first?.[0]?.[1], first?.[0]?.[3]]]);
  assert.equal(first?.length, 1);
});

test('CheckBatch_StaleEverywhere_AsksEachAddressOnceAndIsTheStaleDeny', async () => {
  servers.forEach((server) => (server.enforceBatch = (request) => except(request, { 0: stale() })));

  const [first, second] = await client({ onUnavailable: 'allow' }).checkBatch([gpt, gpt]);

  assert.deepEqual([first?.decision?.reasonCode, first?.decision?.allowed, first?.decision?.source], ['POLICY_STALE', false, 'server']);
  assert.equal(second?.decision?.allowed, true);
  assert.deepEqual(servers.map(({ batches }) => batches.map(({ requests }) => requests.length)).sort(), [[1], [1], [2]]);
});

test('CheckBatch_StaleAndTheOthersAway_IsTheStaleDenyWhateverTheOptionsSay', async () => {
  servers.forEach((server) => (server.enforceBatch = () => Promise.reject(failure(status.UNAVAILABLE, 'gone'))));
  servers[0]!.enforceBatch = (request) => except(request, { 0: stale(), 1: itemFailure(status.UNAVAILABLE, 'busy') });

  const outcomes = await client({ onUnavailable: 'allow' }).checkBatch([gpt, gpt]);

  assert.deepEqual(outcomes.map(({ decision }) => [decision?.reasonCode, decision?.allowed]), [['POLICY_STALE', false], ['STATE_UNAVAILABLE', true]]);
  assert.deepEqual(servers.map(({ batches }) => batches.length), [1, 1, 1]);
});

for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED]) {
  test(`CheckBatch_StaleAndTheNextSays${status[code]}_IsTheStaleDenyWhateverTheOptionsSay`, async () => {
    servers.forEach((server) => (server.enforceBatch = (request) => except(request, { 0: itemFailure(code, 'busy') })));
    servers[0]!.enforceBatch = (request) => except(request, { 0: stale() });

    const [outcome] = await client({ onUnavailable: 'allow', maxAttempts: 2 }).checkBatch([gpt]);

    assert.deepEqual([outcome?.decision?.reasonCode, outcome?.decision?.allowed], ['POLICY_STALE', false]);
  });
}

test('CheckBatch_StaleAnsweredElsewhere_TheRestIsStillRetriedThere', async () => {
  servers.forEach((server) => (server.enforceBatch = (request, attempt) =>
    except(request, attempt === 1 ? { 1: itemFailure(status.UNAVAILABLE, 'busy') } : {})));
  servers[0]!.enforceBatch = (request) => except(request, { 0: stale(), 1: itemFailure(status.UNAVAILABLE, 'busy') });

  const outcomes = await client().checkBatch([gpt, gpt]);

  assert.deepEqual(outcomes.map(({ decision }) => decision?.source), ['server', 'server']);
  assert.deepEqual(servers.map(({ batches }) => batches.length).sort(), [0, 1, 2]);
});
