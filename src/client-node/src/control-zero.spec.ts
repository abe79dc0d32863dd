import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';

import { status } from '@grpc/grpc-js';

import { ControlZeroError, PolicyDeniedError } from './errors.js';
import { Decision, ShadowDecisionSchema } from './gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, apiKey, failure, openRouterPolicy } from './testing/fake-cluster.js';

const ask = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const gemini = { action: 'llm.generate', resource: 'model/google/gemini-pro' };
let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
});
afterEach(() => cluster.stop());

const rejected = async (promise: Promise<unknown>): Promise<ControlZeroError> => {
  const error = await promise.then(() => assert.fail('must reject'), (reason: unknown) => reason);
  assert.ok(error instanceof ControlZeroError, inspect(error));
  return error;
};

test('Enforce_Allowed_ReturnsTheWholeDecision', async () => {
  const cz = cluster.client();

  const decision = await cz.enforce({ ...ask, context: { region: 'eu', tags: ['a', 1, null, { deep: true }] } });

  const sent = cluster.requests[0];
  assert.ok(sent);
  assert.deepEqual({ ...decision }, {
    allowed: true, decision: 'allow', effect: 'allow', reasonCode: 'RULE_MATCH', reason: 'allowed by rule `rule-1` of policy `openrouter-model-policy`', reasonLocalized: {}, ruleId: 'rule-1',
    ruleIndex: 1, policy: 'openrouter-model-policy', policyVersion: 1, policyEpoch: '7', evaluatedRules: 2,
    decisionId: '01JF8Q6Z5N3V7XW2K4M9T0RHCD', requestId: sent.requestId, obligations: [], limits: [], replayed: false, dryRun: false,
    source: 'server',
  });
  assert.match(sent.requestId, /^[0-9a-f-]{36}$/);
  assert.deepEqual([sent.action, sent.resource, sent.agentId], ['llm.generate', 'model/openai/gpt-4', 'support-bot']);
  assert.deepEqual(sent.context, { region: 'eu', tags: ['a', 1, null, { deep: true }] });
  assert.deepEqual(cluster.authorizations, [`Bearer ${apiKey}`]);
  await cz.close();
});

test('Enforce_Denied_ThrowsPolicyDeniedErrorWithTheDecision', async () => {
  const cz = cluster.client();

  const error: unknown = await cz.enforce(gemini).catch((reason: unknown) => reason);

  assert.ok(error instanceof PolicyDeniedError);
  assert.equal(error.ruleId, 'rule-4');
  assert.equal(error.reasonCode, 'RULE_MATCH');
  assert.equal(error.decision.source, 'server');
  assert.equal(error.message,
    '`llm.generate` on `model/google/gemini-pro` is denied (RULE_MATCH): denied by rule `rule-4` of policy `openrouter-model-policy`');
  await cz.close();
});

test('Check_Denied_ReturnsTheDecision', async () => {
  const cz = cluster.client();

  const { allowed, decision, ruleId, source } = await cz.check(gemini);

  assert.deepEqual({ allowed, decision, ruleId, source }, { allowed: false, decision: 'deny', ruleId: 'rule-4', source: 'server' });
  await cz.close();
});

test('Check_SeveralResources_AsksOnceAndNamesTheDeniedOne', async () => {
  const cz = cluster.client();
  const several = { action: 'llm.generate', candidateResources: [ask.resource, gemini.resource, 'model/meta-llama/llama-3-70b-instruct'] };

  const decision = await cz.check(several);
  const error: unknown = await cz.enforce(several).catch((reason: unknown) => reason);

  assert.deepEqual([decision.allowed, decision.deniedResource, decision.ruleId], [false, gemini.resource, 'rule-4']);
  assert.deepEqual(cluster.requests.map(({ resource, candidateResources }) => [resource, candidateResources]), [
    ['', several.candidateResources], ['', several.candidateResources],
  ]);
  assert.match(String(error), /`llm\.generate` on `model\/google\/gemini-pro` is denied \(RULE_MATCH\)/);
  await cz.close();
});

test('Enforce_WithAPolicyInShadow_HoldsWhatItWouldDecideAndIsNotDecidedByIt', async () => {
  const plain = cluster.enforce;
  cluster.enforce = async (request, count) => ({
    ...(await plain(request, count)),
    shadow: { decision: Decision.DENY, effect: 'deny', reasonCode: 'TOO_DEAR', ruleId: 'no-b', policy: 'next', policyVersion: 2n },
  });
  const cz = cluster.client();

  const decision = await cz.enforce(ask);
  cluster.enforce = plain;
  const without = await cz.enforce(ask);

  assert.equal(decision.allowed, true);
  assert.deepEqual(decision.shadow, {
    allowed: false, decision: 'deny', effect: 'deny', reasonCode: 'TOO_DEAR', ruleId: 'no-b', policy: 'next', policyVersion: 2,
  });
  // Every field is shown, and the same as a word.
  assert.equal(Object.keys(decision.shadow ?? {}).length, ShadowDecisionSchema.fields.length + 1);
  assert.equal('shadow' in without, false);
  await cz.close();
});

test('Check_SeveralResourcesAllAllowed_HasNoDeniedOne', async () => {
  const cz = cluster.client();

  const decision = await cz.enforce({ ...ask, candidateResources: ['model/meta-llama/llama-3-70b-instruct'] });

  assert.deepEqual([decision.allowed, 'deniedResource' in decision], [true, false]);
  assert.deepEqual(cluster.requests.map(({ resource }) => resource), [ask.resource]);
  await cz.close();
});

test('Enforce_SeveralResourcesWithoutAnAnswer_SaysHowMany', async () => {
  cluster.enforce = () => Promise.reject(failure(status.DEADLINE_EXCEEDED, 'late'));
  const cz = cluster.client();

  const error: unknown = await cz.enforce({ ...ask, candidateResources: ['b', 'c'] }).catch((reason: unknown) => reason);

  assert.match(String(error), /`llm\.generate` on `model\/openai\/gpt-4` and 2 more is denied \(STATE_UNAVAILABLE\): no decision arrived/);
  await cz.close();
});

for (const dryRun of [true, false, undefined]) {
  test(`Check_DryRun${dryRun}_IsSentAndSaidInTheDecision`, async () => {
    const cz = cluster.client();

    const decisions = [await cz.check({ ...ask, dryRun }), await cz.enforce({ ...ask, dryRun })];
    cluster.enforce = () => Promise.reject(failure(status.DEADLINE_EXCEEDED, 'late'));
    decisions.push(await cz.check({ ...ask, dryRun }));

    const expected = [dryRun ?? false, dryRun ?? false, dryRun ?? false];
    assert.deepEqual([decisions.map((decision) => decision.dryRun), cluster.requests.map((request) => request.dryRun)], [expected, expected]);
    await cz.close();
  });
}

for (const value of [Decision.UNSPECIFIED, 3 as Decision]) {
  for (const onUnavailable of ['deny', 'allow'] as const) {
    test(`Check_AnswerHoldsDecision${value}On${onUnavailable}_Denies`, async () => {
      cluster.enforce = (request) => ({ ...openRouterPolicy(request), decision: value, effect: 'allow' });
      const cz = cluster.client({ onUnavailable });

      const decision = await cz.check(ask);

      assert.deepEqual([decision.allowed, decision.effect, decision.reasonCode, decision.source], [false, 'deny', 'STATE_UNAVAILABLE', 'client']);
      await assert.rejects(cz.enforce(ask), PolicyDeniedError);
      await cz.close();
    });
  }
}

for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED]) {
  test(`Check_${status[code]}_DeniesAsTheClient`, async () => {
    cluster.enforce = () => Promise.reject(failure(code, 'audit is gone', { reason: 'AUDIT_UNAVAILABLE' }));
    const cz = cluster.client();

    const decision = await cz.check(ask);
    const error: unknown = await cz.enforce(ask).catch((reason: unknown) => reason);

    assert.deepEqual([decision.allowed, decision.effect, decision.reasonCode, decision.source], [false, 'deny', 'STATE_UNAVAILABLE', 'client']);
    assert.match(decision.reason, /audit is gone/);
    assert.ok(error instanceof PolicyDeniedError);
    assert.ok(error.cause instanceof ControlZeroError);
    assert.equal(error.cause.reason, 'AUDIT_UNAVAILABLE');
    await cz.close();
  });

  test(`Check_${status[code]}AndOnUnavailableAllow_AllowsAndSaysSo`, async () => {
    cluster.enforce = () => Promise.reject(failure(code, 'gone'));
    const cz = cluster.client({ onUnavailable: 'allow' });

    const decisions = [await cz.check(ask), await cz.enforce(ask)];

    for (const { allowed, effect, reasonCode, source } of decisions) {
      assert.deepEqual([allowed, effect, reasonCode, source], [true, 'allow', 'STATE_UNAVAILABLE', 'client']);
    }
    await cz.close();
  });
}

const notUnavailable = [
  status.CANCELLED, status.UNKNOWN, status.INVALID_ARGUMENT, status.NOT_FOUND, status.ALREADY_EXISTS, status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED, status.FAILED_PRECONDITION, status.ABORTED, status.OUT_OF_RANGE, status.UNIMPLEMENTED, status.INTERNAL,
  status.DATA_LOSS, status.UNAUTHENTICATED,
];
for (const code of notUnavailable) {
  test(`Check_${status[code]}AndOnUnavailableAllow_ThrowsAfterOneAttempt`, async () => {
    cluster.enforce = () => Promise.reject(failure(code, 'no'));
    const cz = cluster.client({ onUnavailable: 'allow' });

    const error = await rejected(cz.check(ask));

    assert.equal(error.code, status[code]);
    assert.equal(cluster.requests.length, 1);
    assert.equal((await rejected(cz.enforce(ask))).code, status[code]);
    await cz.close();
  });
}

test('Check_ErrorWithDetails_CarriesReasonMetadataAndViolations', async () => {
  const violations = [{ field: 'action', description: '`x y` has white space; remove it' }];
  cluster.enforce = () => Promise.reject(
    failure(status.INVALID_ARGUMENT, 'the request is wrong', { reason: 'INVALID_FIELD', domain: 'controlzero', metadata: { provided: 'x y' } }, violations));
  const cz = cluster.client();

  const error = await rejected(cz.check({ action: 'x y' }));

  assert.deepEqual([error.code, error.reason, error.message], ['INVALID_ARGUMENT', 'INVALID_FIELD', 'the request is wrong']);
  assert.deepEqual(error.metadata, { provided: 'x y' });
  assert.deepEqual(error.violations, violations);
  assert.ok(error.cause instanceof Error);
  await cz.close();
});

for (const [known, allowed] of [[['redact_output'], true], [['notify'], false], [[], false]] as const) {
  test(`Check_AllowWithObligationAndHonouring[${known.join()}]_${allowed ? 'Allows' : 'Denies'}`, async () => {
    cluster.enforce = (request) => ({ ...openRouterPolicy(request), obligations: [{ name: 'redact_output', parameters: { fields: ['ssn'] } }] });
    const cz = cluster.client({ obligations: known });

    const decision = await cz.check(ask);

    assert.equal(decision.allowed, allowed);
    assert.deepEqual(decision.obligations, [{ name: 'redact_output', parameters: { fields: ['ssn'] } }]);
    assert.equal(decision.ruleId, 'rule-1');
    const expected = allowed ? ['RULE_MATCH', 'server', 'allow'] : ['OBLIGATION_UNKNOWN', 'client', 'deny'];
    assert.deepEqual([decision.reasonCode, decision.source, decision.effect], expected);
    await cz.close();
  });
}

test('Check_AllowWithAnUnknownObligation_GivesBackWhatIsHeldForTheCall', async () => {
  cluster.enforce = (request) => ({ ...openRouterPolicy(request), obligations: [{ name: 'redact_output' }], reservation: { token: 'held' } });
  const cz = cluster.client();

  const decision = await cz.check({ ...ask, agentId: 'writer' });

  assert.deepEqual([decision.allowed, decision.reservation], [false, undefined]);
  await cz.close();
  assert.deepEqual(cluster.cancels.map(({ token, agentId }) => [token, agentId]), [['held', 'writer']]);
});

test('Check_AnswerWithLimitsAndRetryAfter_IsPlainData', async () => {
  cluster.enforce = (request) => ({
    ...openRouterPolicy(request),
    policyEpoch: 2n ** 64n - 1n,
    retryAfter: { seconds: 1n, nanos: 500_000_001 },
    reasonLocalized: { de: 'nein' },
    limits: [{ name: 'rpm', metric: 'requests', limit: 60n, used: 60n, remaining: 0n, resetsAt: { seconds: 1_800_000_000n } }],
  });
  const cz = cluster.client();

  const decision = await cz.check(ask);

  assert.equal(decision.policyEpoch, '18446744073709551615');
  assert.equal(decision.retryAfterMs, 1501);
  assert.deepEqual(decision.reasonLocalized, { de: 'nein' });
  assert.equal(decision.limits[0]?.resetsAt, '2027-01-15T08:00:00.000Z');
  assert.deepEqual(JSON.parse(JSON.stringify(decision)), decision);
  await cz.close();
});

test('Check_ErrorWhoseHeaderIsEscapedTwice_TellsTheMessageOfItsDetails', async () => {
  cluster.enforce = () => Promise.reject({ ...failure(status.PERMISSION_DENIED, 'no scope; use `a:b`'), details: 'no scope%3B use `a%3Ab`' });
  const cz = cluster.client();

  assert.equal((await rejected(cz.check(ask))).message, 'no scope; use `a:b`');
  await cz.close();
});

test('Check_ErrorWithBrokenDetails_KeepsCodeAndMessage', async () => {
  const broken = failure(status.PERMISSION_DENIED, 'no scope');
  broken.metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff]));
  cluster.enforce = () => Promise.reject(broken);
  const cz = cluster.client();

  const { code, message, reason } = await rejected(cz.check(ask));

  assert.deepEqual([code, message, reason], ['PERMISSION_DENIED', 'no scope', '']);
  await cz.close();
});

test('Initialize_WrongKey_SaysWhichKeyToSet', async () => {
  const cz = cluster.client({ apiKey: 'cz_test_wrong_wrong' });

  const error = await rejected(cz.initialize());

  assert.deepEqual([error.code, error.reason], ['UNAUTHENTICATED', 'INVALID_CREDENTIALS']);
  assert.match(error.message, /refuses the API key; set the option `apiKey` or CONTROLZERO_API_KEY/);
  assert.equal((await rejected(cz.check(ask))).code, 'UNAUTHENTICATED');
  await cz.close();
});

test('Initialize_NobodyListens_SaysWhereToLook', async () => {
  cluster.stop();
  const cz = cluster.client();

  const error = await rejected(cz.initialize());

  assert.equal(error.code, 'UNAVAILABLE');
  assert.match(error.message, /cannot reach `http:\/\/127\.0\.0\.1:\d+`; start the server, or set the option `url` or CONTROLZERO_URL/);
  await cz.close();
});

test('Initialize_FailsOnce_CanBeTriedAgain', async () => {
  cluster.status = () => {
    if (cluster.statusCalls === 1) {
      throw failure(status.PERMISSION_DENIED, 'no');
    }
  };
  const cz = cluster.client();

  assert.equal((await rejected(cz.initialize())).code, 'PERMISSION_DENIED');
  await cz.initialize();

  assert.equal(cluster.statusCalls, 2);
  await cz.close();
});

test('ControlZero_InspectedOrSerialized_NeverShowsTheKey', async () => {
  cluster.enforce = () => Promise.reject(failure(status.INTERNAL, 'no'));
  const cz = cluster.client();
  const error = await rejected(cz.check(ask));

  const shown = [cz, { nested: [cz] }, error].flatMap((value) => [
    inspect(value, { depth: 20, showHidden: true, getters: true, maxStringLength: null }), inspect(value, { depth: 20, customInspect: false, showHidden: true }),
  ]);

  for (const text of [...shown, JSON.stringify(cz), String(cz)]) {
    assert.doesNotMatch(text, /secretsecret/);
  }
  assert.match(inspect(cz), /127\.0\.0\.1/);
  await cz.close();
});

test('Close_Twice_IsFineAndLaterCallsNeverAllow', async () => {
  const cz = cluster.client({ onUnavailable: 'allow' });
  await cz.enforce(ask);

  await cz.close();
  await cz.close();

  const error = await rejected(cz.enforce(ask));
  assert.deepEqual([error.code, error.reason], ['FAILED_PRECONDITION', 'CLIENT_CLOSED']);
});
