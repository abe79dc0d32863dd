import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import { FakeCluster, apiKey, failure } from './testing/fake-cluster.js';
import { ControlZero } from './control-zero.js';

const ask = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const allFourPlaces = /call \(`agentId`\).*constructor \(option `agentId`\).*CONTROLZERO_AGENT_ID.*key that is bound to exactly one agent/;
let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
});
afterEach(() => {
  delete process.env['CONTROLZERO_AGENT_ID'];
  cluster.stop();
});

/** The agent the server was asked about. */
async function agentAsked(cz: ControlZero, agentId?: string): Promise<string | undefined> {
  await cz.enforce({ ...ask, agentId });
  await cz.close();
  return cluster.requests.at(-1)?.agentId;
}

test('Agent_NamedEverywhere_IsTheCalls', async () => {
  process.env['CONTROLZERO_AGENT_ID'] = 'of-environment';
  cluster.boundAgents = ['of-key'];
  const cz = cluster.client({ agentId: 'of-constructor' });
  await cz.initialize();

  assert.equal(await agentAsked(cz, 'of-call'), 'of-call');
});

test('Agent_NotInTheCall_IsTheConstructors', async () => {
  process.env['CONTROLZERO_AGENT_ID'] = 'of-environment';
  cluster.boundAgents = ['of-key'];
  const cz = cluster.client({ agentId: 'of-constructor' });
  await cz.initialize();

  assert.equal(await agentAsked(cz), 'of-constructor');
});

test('Agent_NotInTheConstructor_IsTheEnvironments', async () => {
  process.env['CONTROLZERO_AGENT_ID'] = 'of-environment';
  cluster.boundAgents = ['of-key'];
  const cz = cluster.client({ agentId: undefined });
  await cz.initialize();

  assert.equal(await agentAsked(cz), 'of-environment');
});

test('Agent_NamedNowhere_IsTheOneTheKeyIsBoundTo', async () => {
  cluster.boundAgents = ['of-key'];
  const cz = cluster.client({ agentId: undefined });
  await cz.initialize();

  assert.equal(await agentAsked(cz), 'of-key');
});

test('Agent_NamedNowhereAndNotInitialized_IsLeftToTheServer', async () => {
  assert.equal(await agentAsked(cluster.client({ agentId: undefined })), '');
});

for (const bound of [[], ['bot-*'], ['bot-?'], ['bot-[ab]'], ['one', 'two']]) {
  test(`Agent_NamedNowhereAndKeyBoundTo[${bound.join()}]_NamesAllFourPlaces`, async () => {
    cluster.boundAgents = bound;
    const cz = cluster.client({ agentId: undefined, onUnavailable: 'allow' });
    await cz.initialize();

    await assert.rejects(cz.check(ask), { name: 'ControlZeroError', code: 'INVALID_ARGUMENT', reason: 'AGENT_REQUIRED', message: allFourPlaces });

    assert.equal(cluster.requests.length, 0);
    await cz.close();
  });
}

test('Agent_ServerMissesItBeforeInitialize_NamesAllFourPlaces', async () => {
  cluster.enforce = () => Promise.reject(
    failure(status.INVALID_ARGUMENT, 'agent_id is missing', { reason: 'INVALID_FIELD' }, [{ field: 'agent_id', description: 'name one' }]));
  const cz = cluster.client({ agentId: undefined });

  await assert.rejects(cz.check(ask), { code: 'INVALID_ARGUMENT', reason: 'AGENT_REQUIRED', message: allFourPlaces });
  await assert.rejects(cz.check({ ...ask, agentId: 'Wrong' }), { code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' });
  await cz.close();
});

test('Agent_EmptyInTheCallOrConstructor_IsRefused', async () => {
  const cz = cluster.client();

  await assert.rejects(cz.check({ ...ask, agentId: '' }), { code: 'INVALID_ARGUMENT', message: /`agentId` of the call is empty/ });
  assert.throws(() => new ControlZero({ apiKey, agentId: '' }), { code: 'INVALID_ARGUMENT', message: /option `agentId` is empty/ });
  await cz.close();
});
