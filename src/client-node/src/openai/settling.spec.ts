import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import OpenAI from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI7 from 'openai-7';

import type { ControlZero } from '../control-zero.js';
import type { SettleRequest } from '../gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, failure } from '../testing/fake-cluster.js';
import { FakeProvider } from '../testing/fake-provider.js';
import { wrapOpenAI } from './wrap-openai.js';

const model = 'openai/gpt-4';
const messages = [{ role: 'user' as const, content: 'May I?' }];
const versions = { 4: OpenAI4 as unknown as typeof OpenAI, 6: OpenAI, 7: OpenAI7 as unknown as typeof OpenAI };

let cluster: FakeCluster;
let provider: FakeProvider;
let cz: ControlZero;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
  cluster.enforce = ({ requestId }) => ({ decision: 1, requestId, reservation: { token: `held-${cluster.requests.length}` } });
  provider = await new FakeProvider().start();
  cz = cluster.client();
});
afterEach(async () => {
  await cz.close();
  cluster.stop();
  provider.stop();
});

/** What a settle said. */
function said({ token, agentId, responseModel, usage }: SettleRequest): unknown {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage ?? {};
  return [token, agentId, responseModel, usage === undefined ? 'unknown' : [inputTokens, outputTokens, cachedInputTokens, reasoningTokens].map((figure) => figure === undefined ? undefined : Number(figure))];
}

const completionUsed = [11, 3, 4, 2];

for (const [version, Client] of Object.entries(versions)) {
  const governed = (): OpenAI => wrapOpenAI(new Client({ apiKey: 'sk-test', baseURL: provider.url, maxRetries: 0 }), cz, { agentId: 'writer' });

  const ways: Record<string, { call: (client: OpenAI) => Promise<unknown>; used: unknown[] }> = {
    completion: { call: (client) => client.chat.completions.create({ model, messages }), used: completionUsed },
    completionAsResponse: { call: async (client) => (await client.chat.completions.create({ model, messages }).asResponse()).text(), used: completionUsed },
    completionWithResponse: { call: (client) => client.chat.completions.create({ model, messages }).withResponse(), used: completionUsed },
    response: { call: (client) => client.responses.create({ model, input: 'May I?' }), used: [12, 5, 0, 1] },
    responseStream: {
      call: async (client) => {
        for await (const event of await client.responses.create({ model, input: 'May I?', stream: true })) {
          void event;
        }
      },
      used: [12, 5, 0, 1],
    },
    embedding: { call: (client) => client.embeddings.create({ model, input: 'May I?' }), used: [1, 0, undefined, undefined] },
  };
  for (const [name, { call, used }] of Object.entries(ways)) {
    test(`Openai${version}_${name}_SettlesOnceWithTheProvidersFiguresAndTheModelThatAnswered`, async () => {
      await call(governed());
      await cz.close();

      assert.deepEqual(cluster.settled.map(said), [['held-1', 'writer', `model/${model}`, used]]);
      assert.deepEqual(cluster.cancels, []);
    });
  }

  test(`Openai${version}_Stream_AsksForTheUsageAndHidesWhatNobodyAskedFor`, async () => {
    const chunks = [];
    for await (const chunk of await governed().chat.completions.create({ model, messages, stream: true })) {
      chunks.push(chunk);
    }
    await cz.close();

    assert.deepEqual(provider.requests[0]?.body['stream_options'], { include_usage: true });
    assert.deepEqual(chunks.map(({ choices }) => choices[0]?.delta.content), ['may', ' ', 'I', undefined]);
    assert.deepEqual(cluster.settled.map(said), [['held-1', 'writer', `model/${model}`, completionUsed]]);
  });

  test(`Openai${version}_StreamWhoseCallerAskedForTheUsage_HasIt`, async () => {
    const chunks = [];
    for await (const chunk of await governed().chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) {
      chunks.push(chunk);
    }
    await cz.close();

    assert.equal(chunks.at(-1)?.usage?.prompt_tokens, 11);
    assert.deepEqual(cluster.settled.map(said), [['held-1', 'writer', `model/${model}`, completionUsed]]);
  });

  test(`Openai${version}_StreamThatIsLeft_IsSettledWithoutFigures`, async () => {
    let goOn = (): void => undefined;
    provider.lastWord = new Promise((resolve) => { goOn = resolve; });

    for await (const chunk of await governed().chat.completions.create({ model, messages, stream: true })) {
      assert.equal(chunk.choices[0]?.delta.content, 'may');
      break;
    }
    await until(() => cluster.settled.length > 0);
    goOn();
    await cz.close();

    assert.deepEqual(cluster.settled.map(said), [['held-1', 'writer', `model/${model}`, 'unknown']]);
  });

  test(`Openai${version}_ProviderThatRefuses_CancelsTheReservation`, async () => {
    provider.failures.push(400);

    await assert.rejects(governed().chat.completions.create({ model, messages }));
    await cz.close();

    assert.deepEqual(cluster.cancels.map(({ token, agentId }) => [token, agentId]), [['held-1', 'writer']]);
    assert.deepEqual(cluster.settled, []);
  });

  test(`Openai${version}_CallThatIsAborted_StaysCharged`, async () => {
    const abort = new AbortController();
    provider.lastWord = new Promise(() => undefined);
    const call = governed().chat.completions.create({ model, messages, stream: true }, { signal: abort.signal });
    const reading = (async () => {
      for await (const chunk of await call) {
        void chunk;
        abort.abort();
      }
    })();

    await reading.catch(() => undefined);
    await until(() => cluster.settled.length > 0);
    await cz.close();

    assert.deepEqual(cluster.settled.map(said), [['held-1', 'writer', `model/${model}`, 'unknown']]);
    assert.deepEqual(cluster.cancels, []);
  });
}

test('Estimate_OfARequest_CountsItsBytesAndItsBound', async () => {
  const governed = wrapOpenAI(new OpenAI({ apiKey: 'k', baseURL: provider.url }), cz);

  await governed.chat.completions.create({ model, messages, max_tokens: 50, n: 2 });
  await governed.chat.completions.create({ model, messages: [{ role: 'user', content: 'x'.repeat(3_000) }] });
  await governed.embeddings.create({ model, input: 'May I?' });

  const [bounded, unbounded, embedding] = cluster.requests.map(({ estimate }) => estimate);
  assert.ok(bounded?.inputTokens !== undefined && bounded.inputTokens > 0n && bounded.inputTokens < 60n);
  assert.equal(bounded.maxOutputTokens, 100n);
  assert.ok(unbounded?.inputTokens !== undefined && unbounded.inputTokens > 1_000n && unbounded.inputTokens < 1_100n);
  assert.equal(unbounded.maxOutputTokens, undefined);
  assert.equal(embedding?.maxOutputTokens, 0n);
});

test('Estimate_OfTheProgram_IsUsedAndFalseSaysNothing', async () => {
  const openai = new OpenAI({ apiKey: 'k', baseURL: provider.url });

  await wrapOpenAI(openai, cz, { estimate: (action, body) => ({ inputTokens: action.length, costNanosUsd: body['model'] === model ? 7 : 0 }) })
    .chat.completions.create({ model, messages });
  await wrapOpenAI(openai, cz, { estimate: false }).chat.completions.create({ model, messages });

  assert.deepEqual([cluster.requests[0]?.estimate?.inputTokens, cluster.requests[0]?.estimate?.costNanosUsd], [12n, 7n]);
  assert.equal(cluster.requests[1]?.estimate, undefined);
});

test('WithoutAReservation_NothingIsAskedOfTheProviderAndNothingSettled', async () => {
  cluster.enforce = ({ requestId }) => ({ decision: 1, requestId });

  for await (const chunk of await wrapOpenAI(new OpenAI({ apiKey: 'k', baseURL: provider.url }), cz).chat.completions.create({ model, messages, stream: true })) {
    void chunk;
  }
  await cz.close();

  assert.equal(provider.requests[0]?.body['stream_options'], undefined);
  assert.deepEqual([cluster.settled, cluster.cancels], [[], []]);
});

test('SettleThatFails_IsToldAndDoesNotTouchTheAnswer', async () => {
  const errors: unknown[] = [];
  cluster.settle = () => { throw failure(5, 'no such reservation', { reason: 'RESERVATION_NOT_FOUND' }); };
  const governed = wrapOpenAI(new OpenAI({ apiKey: 'k', baseURL: provider.url }), cz, { onSettleError: (error) => errors.push(error) });

  const answer = await governed.chat.completions.create({ model, messages });
  await until(() => errors.length > 0);

  assert.equal(answer.choices[0]?.message.content, 'may I');
  assert.deepEqual((errors[0] as { reason: string }).reason, 'RESERVATION_NOT_FOUND');
});

/** Bounded, so that what never comes to be fails and does not hang. */
async function until(holds: () => boolean): Promise<void> {
  for (const begun = performance.now(); !holds();) {
    assert.ok(performance.now() - begun < 60_000, 'it did not come to be within a minute');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
