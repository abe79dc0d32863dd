import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import type { ControlZero } from './control-zero.js';
import type { Decision } from './decision.js';
import { Door } from './testing/door.js';
import { FakeCluster, failure, openRouterBatch } from './testing/fake-cluster.js';
import { agentAskedAt, firstFor } from './testing/ranking.js';

const ask = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
let servers: FakeCluster[];
let doors: Door[];

beforeEach(async () => {
  servers = await Promise.all([1, 2, 3].map(() => new FakeCluster().start()));
  doors = await Promise.all(servers.map(({ url }) => Door.to(url)));
});
afterEach(async () => {
  await Promise.all(doors.map((door) => door.shut()));
  servers.forEach((server) => server.stop());
});

const urlOf = (some: readonly Door[]): string => some.map(({ authority }) => `http://${authority}`).join(',');
const counts = (): number[] => servers.map(({ requests }) => requests.length);
const client = (options = {}): ControlZero => new FakeCluster().client({ url: urlOf(doors), timeoutMs: 60_000, ...options });

/** An agent that is asked about at this address first. */
const agentOf = (index: number, authorities = doors.map(({ authority }) => authority)): string => agentAskedAt(index, authorities);

test('Check_ManyAgents_EachKeepsToItsFirstAddressInEveryClient', async () => {
  const clients = [client(), client(), client({ url: urlOf([...doors].reverse()) })];
  const agents = Array.from({ length: 60 }, (_, number) => `agent-${number}`);

  for (const cz of clients) {
    await Promise.all(agents.map((agentId) => cz.check({ ...ask, agentId })));
    await cz.close();
  }

  const authorities = doors.map(({ authority }) => authority);
  for (const [index, { requests }] of servers.entries()) {
    assert.deepEqual([...new Set(requests.map(({ agentId }) => agentId))].sort(), agents.filter((agent) => firstFor(agent, authorities) === index).sort());
  }
  assert.equal(counts().reduce((sum, count) => sum + count), 180);
});

test('Check_AnswerNamesTheOwner_AsksThatOneFromThenOn', async () => {
  servers[0]!.owner = doors[2]!.authority;
  const cz = client({ agentId: agentOf(0) });

  await cz.check(ask);
  await cz.check(ask);
  await cz.check(ask);

  assert.deepEqual(counts(), [1, 0, 2]);
  await cz.close();
});

for (const owner of ['10.9.8.7:5050', 'not an address']) {
  test(`Check_AnswerNamesTheUnknownOwner[${owner}]_StaysWhereItIs`, async () => {
    servers[0]!.owner = owner;
    const cz = client({ agentId: agentOf(0) });

    assert.equal((await cz.check(ask)).allowed, true);
    await cz.check(ask);

    assert.deepEqual(counts(), [2, 0, 0]);
    await cz.close();
  });
}

test('Check_AddressUnavailable_AsksTheNextWithTheSameRequestId', async () => {
  servers[0]!.enforce = () => Promise.reject(failure(status.UNAVAILABLE, 'moving'));
  const cz = client({ agentId: agentOf(0) });

  const decision = await cz.enforce(ask);

  assert.equal(decision.source, 'server');
  assert.deepEqual(counts().sort(), [0, 1, 1]);
  assert.deepEqual([...new Set(servers.flatMap(({ requests }) => requests.map(({ requestId }) => requestId)))], [decision.requestId]);
  await cz.close();
});

for (const code of [status.INTERNAL, status.RESOURCE_EXHAUSTED, status.UNAUTHENTICATED]) {
  test(`Check_${status[code]}_IsNotAskedElsewhere`, async () => {
    servers[0]!.enforce = () => Promise.reject(failure(code, 'no'));
    const cz = client({ agentId: agentOf(0) });

    await assert.rejects(cz.check(ask), { code: status[code] });
    await assert.rejects(cz.check(ask), { code: status[code] });

    assert.deepEqual(counts(), [2, 0, 0]);
    await cz.close();
  });
}

test('Check_AllUnavailable_StopsAtMaxAttempts', async () => {
  servers.forEach((server) => (server.enforce = () => Promise.reject(failure(status.UNAVAILABLE, 'gone'))));
  const cz = client({ maxAttempts: 5 });

  const decision = await cz.check(ask);

  assert.deepEqual([decision.allowed, decision.reasonCode, decision.source], [false, 'STATE_UNAVAILABLE', 'client']);
  assert.ok(decision.reason.includes(`\`${urlOf(doors).replaceAll(',', ', ')}\` (UNAVAILABLE: gone)`), decision.reason);
  assert.deepEqual(counts().sort(), [1, 2, 2]);
  await cz.close();
});

test('CheckBatch_Questions_GoWhereTheFirstAgentIsAskedAndOnWhenThatFails', async () => {
  servers[1]!.enforceBatch = () => Promise.reject(failure(status.UNAVAILABLE, 'moving'));
  const cz = client();

  const outcomes = await cz.checkBatch([1, 0, 2].map((index) => ({ ...ask, agentId: agentOf(index) })));

  assert.deepEqual(outcomes.map(({ decision }) => decision?.source), ['server', 'server', 'server']);
  assert.equal(servers[1]!.batches.length, 1);
  assert.equal(servers.flatMap(({ batches }) => batches).length, 2);
  await cz.close();
});

test('CheckBatch_OneItemUnavailable_IsAskedAgainAtTheSameAddress', async () => {
  servers[1]!.enforceBatch = (request, attempt) => (attempt === 1
    ? { results: [{ result: { case: 'error', value: { code: status.UNAVAILABLE, message: 'busy' } } }] }
    : openRouterBatch(request));
  const cz = client();

  const [outcome] = await cz.checkBatch([{ ...ask, agentId: agentOf(1) }]);

  assert.equal(outcome?.decision?.source, 'server');
  assert.deepEqual(servers.map(({ batches }) => batches.length), [0, 2, 0]);
  await cz.close();
});

const calls = 3_000;
for (const killed of [0, 1, 2]) {
  test(`Kill_Server${killed}OfThreeWhileManyAsk_EveryCallIsDecidedByACluster`, async () => {
    const cz = client();
    const decisions: Decision[] = [];
    let asked = 0;
    let shut: Promise<void> | undefined;
    const caller = async (): Promise<void> => {
      while (asked < calls) {
        decisions.push(await cz.check({ ...ask, agentId: `agent-${asked++ % 300}` }));
        if (decisions.length > calls / 3) {
          shut ??= doors[killed]?.shut();
        }
      }
    };

    await Promise.all(Array.from({ length: 24 }, caller));
    await shut;

    assert.equal(decisions.length, calls);
    assert.deepEqual(decisions.filter(({ allowed, source }) => !allowed || source !== 'server').map(({ reason }) => reason), []);
    assert.equal(new Set(servers.flatMap(({ requests }) => requests.map(({ requestId }) => requestId))).size, calls);
    assert.deepEqual(counts().map((count) => count > 0), [true, true, true]);
    await cz.close();
  });
}

test('Kill_WithACallUnderWay_AsksAnotherServerWithTheSameRequestId', async () => {
  const door = doors[0]!;
  servers[0]!.enforce = () => {
    void door.shut();
    return new Promise(() => undefined);
  };
  const cz = client({ agentId: agentOf(0) });

  const decision = await cz.enforce(ask);

  assert.equal(decision.source, 'server');
  assert.deepEqual(counts().sort(), [0, 1, 1]);
  assert.deepEqual([...new Set(servers.flatMap(({ requests }) => requests.map(({ requestId }) => requestId)))], [decision.requestId]);
  await cz.close();
});

for (const onUnavailable of ['deny', 'allow'] as const) {
  test(`Kill_AllOfThemAndOnUnavailable${onUnavailable}_TheClientDecides`, async () => {
    const cz = client({ onUnavailable });
    await cz.check(ask);

    await Promise.all(doors.map((door) => door.shut()));
    const { decision, reasonCode, source } = await cz.check(ask);

    assert.deepEqual({ decision, reasonCode, source }, { decision: onUnavailable, reasonCode: 'STATE_UNAVAILABLE', source: 'client' });
    await cz.close();
  });
}

test('Initialize_FirstServerKilled_AsksTheNext', async () => {
  await doors[0]!.shut();
  const cz = client();

  await cz.initialize();

  assert.deepEqual(servers.map(({ statusCalls }) => statusCalls), [0, 1, 0]);
  await cz.close();
});

test('Check_ConnectionThatHangs_LeavesTimeForAnotherAddress', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1'); // as a process that is paused
  await once(silent, 'listening');
  const authorities = [`127.0.0.1:${(silent.address() as AddressInfo).port}`, doors[0]!.authority];
  const url = authorities.map((authority) => `http://${authority}`).join(',');
  const cz = client({ url, agentId: agentOf(0, authorities), maxAttempts: 10, timeoutMs: 30_000 });

  const decision = await cz.check(ask);

  assert.equal(decision.source, 'server');
  assert.equal(sockets.length > 0, true);
  await cz.close();
  sockets.forEach((socket) => socket.destroy());
  silent.close();
});
