import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import OpenAI from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI7 from 'openai-7';

import type { ControlZero } from '../control-zero.js';
import { PolicyDeniedError } from '../errors.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import { FakeProvider } from '../testing/fake-provider.js';
import { wrapOpenAI } from './wrap-openai.js';

const allowed = 'openai/gpt-4';
const denied = 'google/gemini-pro';
const messages = [{ role: 'user' as const, content: 'May I?' }];
const schema = { type: 'json_schema' as const, json_schema: { name: 'answer', schema: { type: 'object' } } };
const tool = { type: 'function' as const, function: { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} }, function: () => 'seen', parse: JSON.parse } };

let cluster: FakeCluster;
let provider: FakeProvider;
let cz: ControlZero;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
  provider = await new FakeProvider().start();
  cz = cluster.client();
});
afterEach(async () => {
  await cz.close();
  cluster.stop();
  provider.stop();
});

/** The part of the API that all versions have. What differs between their types is no concern of these tests. */
const versions = { 4: OpenAI4 as unknown as typeof OpenAI, 6: OpenAI, 7: OpenAI7 as unknown as typeof OpenAI };

type Call = (client: OpenAI, model: string) => Promise<unknown>;

/** Every way to a model, and what it returns when the model is allowed. */
const ways: Record<string, { call: Call; returns: unknown; asks?: string; versions?: number[] }> = {
  'chat.completions.create': {
    call: async (client, model) => (await client.chat.completions.create({ model, messages })).choices[0]?.message.content,
    returns: 'may I',
  },
  'chat.completions.create streaming': {
    call: async (client, model) => {
      let said = '';
      for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
        said += chunk.choices[0]?.delta.content ?? '';
      }
      return said;
    },
    returns: 'may I',
  },
  'chat.completions.parse': {
    call: async (client, model) => (await client.chat.completions.parse({ model, messages, response_format: schema })).choices[0]?.message.content,
    returns: '{"answer":42}',
    versions: [6, 7],
  },
  'beta.chat.completions.parse': {
    call: async (client, model) => {
      const { beta } = client as unknown as { beta: { chat: OpenAI['chat'] } };
      return (await beta.chat.completions.parse({ model, messages, response_format: schema })).choices[0]?.message.content;
    },
    returns: '{"answer":42}',
    versions: [4],
  },
  'chat.completions.stream': {
    call: (client, model) => client.chat.completions.stream({ model, messages }).finalContent(),
    returns: 'may I',
    versions: [6, 7],
  },
  'beta.chat.completions.stream': {
    call: (client, model) => (client as unknown as { beta: { chat: OpenAI['chat'] } }).beta.chat.completions.stream({ model, messages }).finalContent(),
    returns: 'may I',
    versions: [4],
  },
  'chat.completions.runTools': {
    call: (client, model) => client.chat.completions.runTools({ model, messages, tools: [tool] }).finalContent(),
    returns: 'may I',
    versions: [6, 7],
  },
  'completions.create': {
    call: async (client, model) => (await client.completions.create({ model, prompt: 'May I?' })).model,
    returns: allowed,
  },
  'responses.create': {
    call: async (client, model) => (await client.responses.create({ model, input: 'May I?' })).output_text,
    returns: 'may I',
  },
  'responses.create streaming': {
    call: async (client, model) => {
      let said = '';
      for await (const event of await client.responses.create({ model, input: 'May I?', stream: true })) {
        said += event.type === 'response.output_text.delta' ? event.delta : '';
      }
      return said;
    },
    returns: 'may I',
  },
  'responses.parse': {
    call: async (client, model) => (await client.responses.parse({ model, input: 'May I?' })).output_text,
    returns: 'may I',
  },
  'responses.stream': {
    call: async (client, model) => (await client.responses.stream({ model, input: 'May I?' }).finalResponse()).id,
    returns: 'resp_1',
  },
  'embeddings.create': {
    call: async (client, model) => (await client.embeddings.create({ model, input: 'May I?' })).data[0]?.embedding,
    returns: [0.5, -1],
    asks: 'embedding.generate',
  },
  post: {
    call: async (client, model) => (await client.post<{ model: string }>('/chat/completions', { body: { model, messages } })).model,
    returns: allowed,
  },
  request: {
    call: async (client, model) => (await client.request<{ model: string }>({ method: 'post', path: '/chat/completions', body: { model, messages } })).model,
    returns: allowed,
  },
  'withOptions().chat.completions.create': {
    call: async (client, model) => (await client.withOptions({ maxRetries: 1 }).chat.completions.create({ model, messages })).model,
    returns: allowed,
    versions: [6, 7],
  },
};

for (const [version, Client] of Object.entries(versions)) {
  for (const [name, { call, returns, asks = 'llm.generate', versions: only }] of Object.entries(ways)) {
    if (only && !only.includes(Number(version))) {
      continue; // that version has no such method
    }
    test(`Openai${version}_${name}OfAnAllowedModel_ReachesTheProviderAfterTheDecision`, async () => {
      cluster.enforce = (request) => {
        assert.equal(provider.requests.length, cluster.requests.length - 1, 'one decision before each request');
        return { decision: 1, requestId: request.requestId };
      };
      const governed = wrapOpenAI(new Client({ apiKey: 'sk-test', baseURL: provider.url }), cz, { agentId: 'writer', context: { region: 'eu' } });

      const answer = await call(governed, allowed);

      assert.deepEqual(answer, returns);
      assert.ok(cluster.requests.length > 0);
      for (const { action, resource, agentId, context } of cluster.requests) {
        assert.deepEqual([action, resource, agentId, context], [asks, `model/${allowed}`, 'writer', { region: 'eu' }]);
      }
      assert.deepEqual(provider.models, cluster.requests.map(() => allowed));
    });

    test(`Openai${version}_${name}OfADeniedModel_ThrowsTheDecisionAndSendsNothing`, async () => {
      const governed = wrapOpenAI(new Client({ apiKey: 'sk-test', baseURL: provider.url }), cz);

      const error: unknown = await call(governed, denied).then(() => assert.fail('must reject'), (reason: unknown) => reason);

      assert.ok(error instanceof PolicyDeniedError, String(error));
      assert.deepEqual([error.decision.ruleId, error.decision.source], ['rule-4', 'server']);
      assert.match(error.message, /`model\/google\/gemini-pro` is denied \(RULE_MATCH\): denied by rule `rule-4`/);
      assert.equal(cluster.requests.length, 1);
      assert.deepEqual(provider.requests, []);
    });
  }

  test(`Openai${version}_ModelsList_PassesWithoutADecision`, async () => {
    const governed = wrapOpenAI(new Client({ apiKey: 'sk-test', baseURL: provider.url }), cz);

    const { data } = await governed.models.list();

    assert.deepEqual(data.map(({ id }) => id), [allowed, denied]);
    assert.deepEqual(cluster.requests, []);
  });
}

test('Wrap_ClientOfAnyVersion_KeepsItsType', () => {
  const options = { apiKey: 'sk-test', baseURL: provider.url };

  const oldest: OpenAI4 = wrapOpenAI(new OpenAI4(options), cz);
  const newest: OpenAI7 = wrapOpenAI(new OpenAI7(options), cz);

  assert.ok(oldest instanceof OpenAI4);
  assert.ok(newest instanceof OpenAI7);
});
