import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';

import type { ControlZero } from './control-zero.js';
import { LimitStateSchema } from './gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, failure } from './testing/fake-cluster.js';

const ends = '2026-11-28T00:00:00.000Z';
const dollars = create(LimitStateSchema, {
  policy: 'p', name: 'daily-usd', metric: 'cost_usd', per: 'agent', window: 'day', unit: 'nano_usd', limit: 5_000_000_000n, used: 1n, remaining: 4_999_999_999n,
  resetsAt: timestampFromDate(new Date(ends)),
});
const shown = {
  policy: 'p', name: 'daily-usd', metric: 'cost_usd', per: 'agent', window: 'day', unit: 'nano_usd', limit: 5_000_000_000, used: 1, remaining: 4_999_999_999, resetsAt: ends,
};

let cluster: FakeCluster;
let cz: ControlZero;
beforeEach(async () => {
  cluster = await new FakeCluster().start();
  cz = cluster.client({ maxAttempts: 3 });
});
afterEach(async () => {
  await cz.close();
  cluster.stop();
});

test('Enforce_WithAReservation_HasItAndTheLimits', async () => {
  cluster.enforce = ({ requestId }) => ({
    decision: 1, requestId, replayed: true, limits: [dollars], reservation: { token: 't', expiresAt: timestampFromDate(new Date(ends)) }, retryAfter: { seconds: 2n, nanos: 1 },
  });

  const decision = await cz.check({ action: 'llm.generate', estimate: { inputTokens: 10, maxOutputTokens: 0 } });

  assert.deepEqual([decision.reservation, decision.limits, decision.retryAfterMs, decision.replayed], [{ token: 't', expiresAt: ends }, [shown], 2_001, true]);
  const { estimate } = cluster.requests[0] ?? {};
  assert.deepEqual([estimate?.inputTokens, estimate?.maxOutputTokens, estimate?.costNanosUsd], [10n, 0n, undefined]);
});

test('Settle_WithFigures_SendsThemAndZeroIsOne', async () => {
  cluster.settle = () => ({ late: true, overrun: true, modelDrift: true, limits: [dollars] });

  const outcome = await cz.settle({ token: 't', usage: { inputTokens: 0, outputTokens: 5 }, responseModel: 'model/x' });

  assert.deepEqual(outcome, { late: true, replayed: false, overrun: true, modelDrift: true, limits: [shown] });
  const [{ token, agentId, usage, responseModel } = assert.fail()] = cluster.settled;
  assert.deepEqual([token, agentId, usage?.inputTokens, usage?.outputTokens, usage?.cachedInputTokens, responseModel], ['t', 'support-bot', 0n, 5n, undefined, 'model/x']);
});

test('Settle_WhenTheServerIsAway_IsTriedAgain', async () => {
  cluster.settle = (_, attempt) => {
    if (attempt < 3) {
      throw failure(status.UNAVAILABLE, 'not now');
    }
    return { replayed: true };
  };

  assert.equal((await cz.settle({ token: 't' })).replayed, true);
  assert.equal(cluster.settled.length, 3);
  assert.equal(cluster.settled[0]?.usage, undefined);
});

test('Settle_RefusedByTheServer_RejectsWithItsReason', async () => {
  cluster.settle = () => { throw failure(status.ALREADY_EXISTS, 'settled otherwise', { reason: 'IDEMPOTENCY_MISMATCH' }); };

  await assert.rejects(cz.settle({ token: 't' }), { code: 'ALREADY_EXISTS', reason: 'IDEMPOTENCY_MISMATCH' });
});

test('Cancel_OfAReservation_NamesItAndTheAgent', async () => {
  const outcome = await cz.cancel({ token: 't', agentId: 'writer' });

  assert.deepEqual(outcome, { late: false, replayed: false, overrun: false, modelDrift: false, limits: [] });
  assert.deepEqual(cluster.cancels.map(({ token, agentId }) => [token, agentId]), [['t', 'writer']]);
});

for (const figure of [-1, 1.5, NaN, Infinity, 1_000_000_000_001, '5']) {
  test(`Figure_${String(figure)}_IsRefusedByItsName`, async () => {
    await assert.rejects(cz.settle({ token: '', usage: { outputTokens: figure as number } }), (error: { violations: { field: string }[] }) => {
      assert.deepEqual(error.violations.map(({ field }) => field), ['token', 'usage.outputTokens']);
      return true;
    });
    await assert.rejects(cz.check({ action: 'a', estimate: { maxOutputTokens: figure as number } }), { code: 'INVALID_ARGUMENT', reason: 'INVALID_REQUEST' });
    assert.deepEqual([cluster.requests, cluster.settled], [[], []]);
  });
}

test('Close_WhileSomethingIsSettled_WaitsForIt', async () => {
  const settling = cz.settle({ token: 't' });
  await cz.close();

  assert.equal(cluster.settled.length, 1);
  assert.equal((await settling).late, false);
});

test('GetAccess_Answers_WithTheLimitsOfEachResource', async () => {
  cluster.access = ({ agentId, resources, allowedOnly }) => {
    assert.deepEqual([agentId, resources, allowedOnly], ['support-bot', ['model/a', 'model/b'], true]);
    return {
      limits: [dollars, { ...dollars, name: 'rpm' }], nextPageToken: 'more', policyEpoch: 7n,
      resources: [
        { resource: 'model/a', decision: 1, reasonCode: 'RULE_MATCH', policy: 'p', ruleId: 'r', limits: [0, 1], tightestLimit: 1 },
        { resource: 'model/b', decision: 2, reasonCode: 'QUOTA_EXCEEDED', policy: 'p', ruleId: 'r' },
      ],
    };
  };

  const access = await cz.getAccess({ resources: ['model/a', 'model/b'], allowedOnly: true });

  assert.deepEqual(access.resources, [
    { resource: 'model/a', allowed: true, reasonCode: 'RULE_MATCH', policy: 'p', ruleId: 'r', limits: [shown, { ...shown, name: 'rpm' }], tightestLimit: { ...shown, name: 'rpm' } },
    { resource: 'model/b', allowed: false, reasonCode: 'QUOTA_EXCEEDED', policy: 'p', ruleId: 'r', limits: [] },
  ]);
  assert.deepEqual([access.nextPageToken, access.policyEpoch], ['more', '7']);
});

test('GetUsage_Answers_WithCountsAndLimits', async () => {
  cluster.usage = { allowed: 3n, denied: 1n, lastDecisionAt: timestampFromDate(new Date(ends)), limits: [dollars] };

  assert.deepEqual(await cz.getUsage(), { agentId: 'support-bot', allowed: 3, denied: 1, lastDecisionAt: ends, limits: [shown] });
});
