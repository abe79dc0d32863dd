import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { isFieldSet } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';

import { ControlZeroError } from './errors.js';
import { EnforceRequestSchema, EstimateSchema } from './gen/controlzero/v1/enforcement_pb.js';
import { toMessage } from './request.js';
import type { EnforceRequest } from './request.js';
import { FakeCluster, failure, itemFailure, openRouterBatch, statusOf } from './testing/fake-cluster.js';

const ask = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const newest = 2n ** 64n - 1n;
const notReached = [status.FAILED_PRECONDITION, 'the tenant\'s policy epoch is 7, not yet 9', {
  reason: 'POLICY_EPOCH_NOT_REACHED', domain: 'controlzero', metadata: { expected: '9', current: '7' },
}] as const;
let servers: FakeCluster[];
let cluster: FakeCluster;

beforeEach(async () => {
  servers = await Promise.all([1, 2, 3].map(() => new FakeCluster().start()));
  cluster = servers[0]!;
});
afterEach(() => servers.forEach((server) => server.stop()));

const assertNotReached = (error: unknown): boolean => {
  assert.ok(error instanceof ControlZeroError);
  assert.deepEqual([error.code, error.reason, error.metadata], ['FAILED_PRECONDITION', 'POLICY_EPOCH_NOT_REACHED', { expected: '9', current: '7' }]);
  return true;
};

for (const [form, given, sent] of [
  ['DecimalString', String(newest), newest], ['BigInt', newest, newest], ['Number', 9, 9n], ['Nothing', undefined, 0n], ['Zero', '0', 0n],
] as const) {
  test(`Check_MinPolicyEpochAs${form}_IsSent`, async () => {
    const cz = cluster.client();

    await cz.check({ ...ask, minPolicyEpoch: given });

    assert.deepEqual(cluster.requests.map(({ minPolicyEpoch }) => minPolicyEpoch), [sent]);
    await cz.close();
  });
}

test('Enforce_WithThePolicyEpochOfAnAnswer_TakesItAsItIs', async () => {
  const cz = cluster.client();

  const { policyEpoch } = await cz.check(ask);
  await cz.enforce({ ...ask, minPolicyEpoch: policyEpoch });

  assert.equal(cluster.requests[1]?.minPolicyEpoch, 7n);
  await cz.close();
});

for (const wrong of ['', '-1', '1.5', ' 7', '0x7', 'newest', String(newest + 1n), newest + 1n, -1n, -1, 1.5, 2 ** 53, Number.NaN, null, true, {}]) {
  test(`Request_MinPolicyEpoch${typeof wrong}${String(wrong)}_IsRefused`, () => {
    assert.throws(() => toMessage({ action: 'a', minPolicyEpoch: wrong as string }, ''), (error) => {
      assert.ok(error instanceof ControlZeroError);
      assert.deepEqual([error.code, error.violations.map(({ field }) => field)], ['INVALID_ARGUMENT', ['minPolicyEpoch']]);
      assert.match(error.message, /`minPolicyEpoch` is `.*`; it takes a whole number of up to 64 bits/);
      return true;
    });
  });
}

test('Check_EpochThatIsNotReached_IsAnErrorThatSaysBothAndNobodyElseIsAsked', async () => {
  servers.forEach((server) => (server.enforce = () => Promise.reject(failure(...notReached))));
  const cz = cluster.client({ url: servers.map(({ url }) => url).join(','), maxAttempts: 10, onUnavailable: 'allow' });

  await assert.rejects(cz.check({ ...ask, minPolicyEpoch: 9 }), assertNotReached);

  assert.equal(servers.flatMap(({ requests }) => requests).length, 1);
  await cz.close();
});

test('CheckBatch_EachQuestionCarriesItsOwnEpoch_AndHasItsErrorInItsPlace', async () => {
  cluster.enforceBatch = (request) => ({ results: openRouterBatch(request).results?.map((result, index) => (index === 1 ? itemFailure(...notReached) : result)) ?? [] });
  const cz = cluster.client();

  const outcomes = await cz.checkBatch([{ ...ask, minPolicyEpoch: '7' }, { ...ask, minPolicyEpoch: 9n }, ask, { ...ask, minPolicyEpoch: -1 }]);

  assert.deepEqual(cluster.batches[0]?.requests.map(({ minPolicyEpoch }) => minPolicyEpoch), [7n, 9n, 0n]);
  assert.deepEqual(outcomes.map(({ decision }) => decision?.allowed), [true, undefined, true, undefined]);
  assertNotReached(outcomes[1]?.error);
  assert.equal(outcomes[3]?.error?.code, 'INVALID_ARGUMENT');
  await cz.close();
});

test('Stream_CarriesTheEpoch_AlsoWhenTheQuestionGoesOnAsASingleCall', async () => {
  cluster.stream = () => ({ case: 'error', value: statusOf(status.UNAVAILABLE, 'not now') });
  const cz = cluster.client();
  const stream = cz.openStream();

  await stream.check({ ...ask, minPolicyEpoch: newest });

  const { message } = cluster.streamed[0]!;
  assert.equal(message.case === 'enforce' && message.value.minPolicyEpoch, newest);
  assert.deepEqual(cluster.requests.map(({ minPolicyEpoch }) => minPolicyEpoch), [newest]);
  await cz.close();
});

test('Stream_EpochThatIsNotReached_IsTheErrorOfTheSingleCall', async () => {
  cluster.stream = () => ({ case: 'error', value: statusOf(...notReached) });
  const cz = cluster.client();
  const stream = cz.openStream();

  await assert.rejects(stream.enforce({ ...ask, minPolicyEpoch: 9 }), assertNotReached);

  assert.deepEqual([cluster.requests, stream.isOpen], [[], true]);
  await cz.close();
});

test('Request_CanSayAllThatTheProtocolLetsACallerSay', () => {
  const all: Required<EnforceRequest> = {
    action: 'a', resource: 'r', candidateResources: ['c'], agentId: 'bot', context: { k: 'v' }, requestId: 'mine', dryRun: true, minPolicyEpoch: 1,
    estimate: { inputTokens: 1, maxOutputTokens: 1, costNanosUsd: 1 },
  };

  const message = toMessage(all, all.agentId!);

  assert.deepEqual(EnforceRequestSchema.fields.filter((field) => !isFieldSet(message, field)).map(({ name }) => name), []);
  assert.deepEqual(EstimateSchema.fields.filter((field) => !isFieldSet(message.estimate!, field)).map(({ name }) => name), []);
});
