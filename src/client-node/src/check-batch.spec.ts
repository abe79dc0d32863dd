import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import type { CheckOutcome } from './batch.js';
import { Decision } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceBatchRequest } from './gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, failure, itemFailure, openRouterBatch } from './testing/fake-cluster.js';
import type { BatchAnswer } from './testing/fake-cluster.js';

const gpt = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const gemini = { action: 'llm.generate', resource: 'model/google/gemini-pro' };
let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
});
afterEach(() => cluster.stop());

/** An outcome in a word or two: the rule, the client's reason code, or the error's code and reason. */
const word = ({ decision, error }: CheckOutcome): string =>
  error ? `${error.code} ${error.reason}` : `${decision.decision} ${decision.ruleId || decision.reasonCode}`;

const idsOf = (batch: EnforceBatchRequest | undefined): string[] => batch?.requests.map(({ requestId }) => requestId) ?? [];

/** The policy's answers, with the results at some places replaced. */
const except = (request: EnforceBatchRequest, replaced: Record<number, NonNullable<BatchAnswer['results']>[number]>): BatchAnswer =>
  ({ results: openRouterBatch(request).results?.map((result, index) => replaced[index] ?? result) ?? [] });

test('CheckBatch_AllowedAndDenied_AnswersInOrderInOneCall', async () => {
  const cz = cluster.client();

  const outcomes = await cz.checkBatch([gemini, { ...gpt, agentId: 'writer', dryRun: true }, { action: gpt.action, candidateResources: [gpt.resource, gemini.resource] }]);

  assert.deepEqual(outcomes.map(word), ['deny rule-4', 'allow rule-1', 'deny rule-4']);
  assert.deepEqual(outcomes.map(({ decision }) => [decision?.dryRun, decision?.deniedResource]), [[false, undefined], [true, undefined], [false, gemini.resource]]);
  assert.deepEqual(outcomes.map(({ decision }) => decision?.requestId), idsOf(cluster.batches[0]));
  assert.equal(new Set(idsOf(cluster.batches[0])).size, 3);
  assert.deepEqual(cluster.batches.map(({ requests }) => requests.map(({ agentId }) => agentId)), [['support-bot', 'writer', 'support-bot']]);
  assert.deepEqual(cluster.requests, []);
  await cz.close();
});

test('CheckBatch_ServerRefusesOne_HasItsErrorInItsPlace', async () => {
  const violations = [{ field: 'action', description: '`x y` has white space; remove it' }];
  cluster.enforceBatch = (request) => except(request, {
    1: itemFailure(status.INVALID_ARGUMENT, 'the request is wrong', { reason: 'INVALID_FIELD', metadata: { provided: 'x y' } }, violations),
  });
  const cz = cluster.client({ onUnavailable: 'allow' });

  const outcomes = await cz.checkBatch([gpt, { action: 'x y' }, gemini]);

  assert.deepEqual(outcomes.map(word), ['allow rule-1', 'INVALID_ARGUMENT INVALID_FIELD', 'deny rule-4']);
  const error = outcomes[1]?.error;
  assert.deepEqual([error?.message, error?.metadata, error?.violations], ['the request is wrong', { provided: 'x y' }, violations]);
  assert.equal(cluster.batches.length, 1);
  await cz.close();
});

test('CheckBatch_OneCannotBeSent_HasItsErrorAndTheOthersAreAsked', async () => {
  const cz = cluster.client();

  const outcomes = await cz.checkBatch([{ action: '' }, gpt, { ...gpt, agentId: '' }, gemini]);

  assert.deepEqual(outcomes.map(word), ['INVALID_ARGUMENT INVALID_REQUEST', 'allow rule-1', 'INVALID_ARGUMENT INVALID_REQUEST', 'deny rule-4']);
  assert.deepEqual(cluster.batches.map(({ requests }) => requests.map(({ resource }) => resource)), [[gpt.resource, gemini.resource]]);
  await cz.close();
});

test('CheckBatch_ServerMissesTheAgentOfOne_NamesTheFourPlaces', async () => {
  cluster.enforceBatch = (request) => except(request, {
    0: itemFailure(status.INVALID_ARGUMENT, 'agent_id is missing', { reason: 'INVALID_FIELD' }, [{ field: 'agent_id', description: 'name one' }]),
  });
  const cz = cluster.client({ agentId: undefined });

  assert.deepEqual((await cz.checkBatch([gpt, { ...gpt, agentId: 'writer' }])).map(word), ['INVALID_ARGUMENT AGENT_REQUIRED', 'allow rule-1']);
  await cz.close();
});

test('CheckBatch_NothingToSend_MakesNoCall', async () => {
  const cz = cluster.client();

  assert.deepEqual(await cz.checkBatch([]), []);
  assert.deepEqual((await cz.checkBatch([{ action: '' }])).map(word), ['INVALID_ARGUMENT INVALID_REQUEST']);

  assert.equal(cluster.batches.length, 0);
  await cz.close();
  await assert.rejects(cz.checkBatch([]), { code: 'FAILED_PRECONDITION', reason: 'CLIENT_CLOSED' });
});

for (const [onUnavailable, decision] of [['deny', 'deny'], ['allow', 'allow']] as const) {
  for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED]) {
    test(`CheckBatch_${status[code]}AndOnUnavailable${onUnavailable}_${decision}sEveryOne`, async () => {
      cluster.enforceBatch = () => Promise.reject(failure(code, 'audit is gone'));
      const cz = cluster.client({ onUnavailable });

      const outcomes = await cz.checkBatch([gpt, { ...gemini, dryRun: true }, { action: '' }]);

      const word = `${decision} STATE_UNAVAILABLE`;
      assert.deepEqual(outcomes.map((outcome) => outcome.error?.code ?? `${outcome.decision?.decision} ${outcome.decision?.reasonCode}`), [word, word, 'INVALID_ARGUMENT']);
      assert.deepEqual(outcomes.slice(0, 2).map((outcome) => [outcome.decision?.source, outcome.decision?.dryRun]), [['client', false], ['client', true]]);
      assert.match(outcomes[0]?.decision?.reason ?? '', /audit is gone/);
      await cz.close();
    });
  }
}

test('CheckBatch_UnavailableTwice_TriesAgainWithTheSameRequestIds', async () => {
  cluster.enforceBatch = (request, attempt) => (attempt < 3 ? Promise.reject(failure(status.UNAVAILABLE, 'gone')) : openRouterBatch(request));
  const cz = cluster.client({ timeoutMs: 60_000 });

  const outcomes = await cz.checkBatch([gpt, gemini]);

  assert.deepEqual(outcomes.map(word), ['allow rule-1', 'deny rule-4']);
  assert.deepEqual(cluster.batches.map(idsOf), Array.from({ length: 3 }, () => outcomes.map(({ decision }) => decision?.requestId)));
  await cz.close();
});

test('CheckBatch_OneItemUnavailable_TriesThatOneAgainWithItsRequestId', async () => {
  cluster.enforceBatch = (request, attempt) => (attempt === 1 ? except(request, { 1: itemFailure(status.UNAVAILABLE, 'busy') }) : openRouterBatch(request));
  const cz = cluster.client({ timeoutMs: 60_000 });

  const outcomes = await cz.checkBatch([gpt, gemini, gpt]);

  assert.deepEqual(outcomes.map(word), ['allow rule-1', 'deny rule-4', 'allow rule-1']);
  const [first, second] = cluster.batches.map(idsOf);
  assert.deepEqual([second, cluster.batches.length], [[first?.[1]], 2]);
  await cz.close();
});

for (const [onUnavailable, decided] of [['deny', 'deny STATE_UNAVAILABLE'], ['allow', 'allow STATE_UNAVAILABLE']] as const) {
  test(`CheckBatch_OneItemStaysUnavailableAndOnUnavailable${onUnavailable}_DecidesThatOneItself`, async () => {
    cluster.enforceBatch = (request, attempt) => except(request, { [attempt === 1 ? 1 : 0]: itemFailure(status.UNAVAILABLE, 'busy') });
    const cz = cluster.client({ onUnavailable, timeoutMs: 60_000 });

    const outcomes = await cz.checkBatch([gpt, gemini, gpt]);

    assert.deepEqual(outcomes.map(word), ['allow rule-1', decided, 'allow rule-1']);
    assert.deepEqual(cluster.batches.map(({ requests }) => requests.length), [3, 1, 1]);
    await cz.close();
  });
}

test('CheckBatch_WholeCallRefused_ThrowsEvenWithOnUnavailableAllow', async () => {
  cluster.enforceBatch = () => Promise.reject(failure(status.INVALID_ARGUMENT, 'requests has 257 entries', { reason: 'TOO_MANY' }));
  const cz = cluster.client({ onUnavailable: 'allow' });

  await assert.rejects(cz.checkBatch([gpt]), { name: 'ControlZeroError', code: 'INVALID_ARGUMENT', reason: 'TOO_MANY' });

  assert.equal(cluster.batches.length, 1);
  await cz.close();
});

test('CheckBatch_SignalAborted_ThrowsCancelled', async () => {
  const controller = new AbortController();
  cluster.enforceBatch = () => {
    controller.abort();
    return new Promise(() => undefined);
  };
  const cz = cluster.client({ onUnavailable: 'allow' });

  await assert.rejects(cz.checkBatch([gpt], { signal: controller.signal }), { code: 'CANCELLED' });
  await cz.close();
});

const unusable: Record<string, (request: EnforceBatchRequest) => BatchAnswer> = {
  FewerResults: (request) => ({ results: openRouterBatch(request).results?.slice(1) ?? [] }),
  MoreResults: (request) => ({ results: [...(openRouterBatch(request).results ?? []), {}] }),
  EmptyResults: (request) => ({ results: request.requests.map(() => ({})) }),
  Unspecified: (request) => ({ results: request.requests.map(() => ({ result: { case: 'response', value: { decision: Decision.UNSPECIFIED, effect: 'allow' } } })) }),
};
for (const [name, answer] of Object.entries(unusable)) {
  test(`CheckBatch_${name}AndOnUnavailableAllow_DeniesEveryOne`, async () => {
    cluster.enforceBatch = answer;
    const cz = cluster.client({ onUnavailable: 'allow' });

    const outcomes = await cz.checkBatch([gpt, gpt]);

    assert.deepEqual(outcomes.map(word), ['deny STATE_UNAVAILABLE', 'deny STATE_UNAVAILABLE']);
    await cz.close();
  });
}

test('CheckBatch_ErrorThatSaysNothing_IsUnknown', async () => {
  cluster.enforceBatch = (request) => except(request, { 0: itemFailure(0, ''), 1: itemFailure(99, '') });
  const cz = cluster.client();

  const outcomes = await cz.checkBatch([gpt, gpt]);

  assert.deepEqual(outcomes.map(({ error }) => [error?.code, error?.message]), [['UNKNOWN', 'UNKNOWN'], ['UNKNOWN', 'UNKNOWN']]);
  await cz.close();
});

test('CheckBatch_AllowWithAnUnknownObligation_IsADenyOfThatOne', async () => {
  cluster.enforceBatch = (request) => ({
    results: request.requests.map((_, index) => ({
      result: { case: 'response', value: { decision: Decision.ALLOW, effect: 'allow', obligations: index === 0 ? [{ name: 'redact_output' }] : [] } },
    })),
  });
  const cz = cluster.client();

  const outcomes = await cz.checkBatch([gpt, gpt]);

  assert.deepEqual(outcomes.map(({ decision }) => [decision?.allowed, decision?.reasonCode]), [[false, 'OBLIGATION_UNKNOWN'], [true, '']]);
  await cz.close();
});
