import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import OpenAI, { AzureOpenAI } from 'openai';
import { Page as SdkPage } from 'openai/pagination';

import type { ControlZero } from '../control-zero.js';
import { ControlZeroError, PolicyDeniedError } from '../errors.js';
import type { EnforceRequest } from '../gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import { FakeProvider } from '../testing/fake-provider.js';
import { wrapOpenAI } from './wrap-openai.js';

const allowed = 'openai/gpt-4';
const denied = 'google/gemini-pro';
const messages = [{ role: 'user' as const, content: 'May I?' }];
const Page = SdkPage<unknown> as never;

let cluster: FakeCluster;
let provider: FakeProvider;
let cz: ControlZero;
let openai: OpenAI;
let governed: OpenAI;

beforeEach(async () => {
  cluster = await new FakeCluster().start();
  provider = await new FakeProvider().start();
  cz = cluster.client();
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: provider.url, maxRetries: 0 });
  governed = wrapOpenAI(openai, cz);
});
afterEach(async () => {
  await cz.close();
  cluster.stop();
  provider.stop();
});

const body = { model: denied, messages };
const asked = ({ resource, candidateResources }: EnforceRequest): unknown => [resource, candidateResources];
const rejected = (made: () => unknown): Promise<unknown> =>
  (async () => made())().then(() => assert.fail('must reject'), (error: unknown) => error);

/** TypeScript's private methods are everybody's in JavaScript. */
type Open = Record<string, (...args: unknown[]) => unknown>;

const undecided: Record<string, () => unknown> = {
  'post with a base of its own': () => governed.post(`${provider.url}/chat/completions`, { body }),
  'post with options that change the path': () => governed.post('/models', { path: '/chat/completions', body } as object),
  'post with options to come': () => governed.post('/responses', Promise.resolve({ body })),
  'post of an encoded path': () => governed.post('/chat%2Fcompletions', { body }),
  'put': () => governed.put('/chat/completions', { body }),
  'patch': () => governed.patch('/chat/completions', { body }),
  'get with options that change the method': () => governed.get('/chat/completions', { method: 'post', body } as object),
  'get of a list with options that change the method': () => governed.getAPIList('/chat/completions', Page, { method: 'post', body }),
  'list requested by post': () => governed.requestAPIList(Page, { method: 'post', path: '/chat/completions', body }),
  'private makeRequest': () => (governed as unknown as Open)['makeRequest']?.({ method: 'post', path: '/chat/completions', body }, 0),
  'private methodRequest': () => (governed as unknown as Open)['methodRequest']?.('post', '/chat/completions', { body }),
  'prototype\'s post': () => OpenAI.prototype.post.call(governed, '/chat/completions', { body }),
  'derived object': () => (Object.create(governed) as OpenAI).chat.completions.create(body),
  'spread client': () => ({ ...governed }).chat.completions.create(body),
  'property descriptor': () => (Object.getOwnPropertyDescriptor(governed, 'chat')?.value as OpenAI['chat']).completions.create(body),
  'client of a resource': () => (governed.models as unknown as { _client: OpenAI })._client.chat.completions.create(body),
  'client with other options': () => governed.withOptions({ timeout: 5_000 }).withOptions({ maxRetries: 0 }).post('/chat/completions', { body }),
};
for (const [name, call] of Object.entries(undecided)) {
  test(`WayAround_${name}_IsDeniedAndSendsNothing`, async () => {
    const error = await rejected(call);

    assert.ok(error instanceof PolicyDeniedError, String(error));
    assert.deepEqual(cluster.requests.map(({ resource }) => resource), [`model/${denied}`]);
    assert.deepEqual(provider.requests, []);
  });
}

const text = JSON.stringify({ ...body, model: allowed });
const refused: Record<string, [call: () => unknown, reason: string]> = {
  'fetchOptions with a body': [() => governed.chat.completions.create({ model: allowed, messages }, { fetchOptions: { body: text } as object }), 'CALL_NOT_GOVERNED'],
  'fetchOptions with a method': [() => governed.get('/chat/completions', { fetchOptions: { method: 'POST' } as object }), 'CALL_NOT_GOVERNED'],
  'fetchOptions of the client': [() => governed.withOptions({ fetchOptions: { body: text } as object }).models.list(), 'CALL_NOT_GOVERNED'],
  fetchWithTimeout: [() => governed.fetchWithTimeout(`${provider.url}/chat/completions`, { method: 'POST', body: text }, 1_000, new AbortController()), 'CALL_NOT_GOVERNED'],
  'private fetch': [() => (governed as unknown as Open)['fetch']?.(`${provider.url}/responses`, { method: 'POST', body: text }), 'CALL_NOT_GOVERNED'],
  'private fetch of a Request': [() => (governed as unknown as Open)['fetch']?.(new Request(`${provider.url}/responses`, { method: 'POST', body: text })), 'CALL_NOT_GOVERNED'],
  batches: [() => governed.batches.create({ input_file_id: 'f', endpoint: '/v1/chat/completions', completion_window: '24h' }), 'CALL_NOT_GOVERNED'],
  'assistant run': [() => governed.beta.threads.runs.create('t1', { assistant_id: 'a1' }), 'CALL_NOT_GOVERNED'],
  'realtime session': [() => governed.realtime.clientSecrets.create({}), 'CALL_NOT_GOVERNED'],
  'body as text': [() => governed.post('/chat/completions', { body: text, headers: { 'content-type': 'application/json' } }), 'MODEL_REQUIRED'],
  'body as bytes': [() => governed.post('/chat/completions', { body: Buffer.from(text) }), 'MODEL_REQUIRED'],
  'body as a list': [() => governed.post('/chat/completions', { body: [{ model: allowed }] }), 'MODEL_REQUIRED'],
  'no body': [() => governed.post('/chat/completions'), 'MODEL_REQUIRED'],
  'no model': [() => governed.responses.create({ prompt: { id: 'pmpt_1' } }), 'MODEL_REQUIRED'],
  'empty model': [() => governed.chat.completions.create({ model: '', messages }), 'MODEL_REQUIRED'],
};
for (const [name, [call, reason]] of Object.entries(refused)) {
  test(`WayAround_${name}_IsRefusedWithoutAsking`, async () => {
    const error = await rejected(call);

    assert.ok(error instanceof ControlZeroError, String(error));
    assert.equal(error.reason, reason);
    assert.deepEqual([cluster.requests, provider.requests], [[], []]);
  });
}

test('WayAround_RefusedCall_SaysWhatToDoInstead', async () => {
  const error = await rejected(() => governed.post('/batches', { body: {} }));

  assert.equal((error as Error).message, '`/v1/batches` runs models that its request does not name, so that nobody can decide on them; '
    + 'if the program may do this without a decision, do it with the client that was wrapped');
});

test('WayAround_ParamsChangedWhileTheDecisionIsMade_SendsWhatWasDecided', async () => {
  const params = { model: allowed, messages: [...messages], models: [allowed] };

  const answer = governed.chat.completions.create(params);
  params.model = denied;
  params.models.push(denied);
  params.messages.pop();
  await answer;

  assert.deepEqual(provider.requests.map((request) => request.body), [{ model: allowed, messages, models: [allowed] }]);
});

test('WayAround_ToJSONThatAnswersDifferently_SendsWhatWasDecided', async () => {
  const answers = [allowed, denied];
  const shifty = { toJSON: () => ({ model: answers.shift(), messages }) };

  await governed.post('/chat/completions', { body: shifty });

  assert.deepEqual(provider.models, [allowed]);
});

test('WayAround_OneOfManyModelsDenied_ThrowsAndSendsNothing', async () => {
  const models = ['meta-llama/llama-3-70b-instruct', denied, 'anthropic/claude-sonnet-4-20250514'];

  const error = await rejected(() => governed.post('/chat/completions', { body: { model: allowed, messages, models } }));

  assert.ok(error instanceof PolicyDeniedError);
  assert.match(error.message, /`model\/google\/gemini-pro` is denied/);
  assert.equal(error.decision.deniedResource, `model/${denied}`);
  assert.deepEqual(cluster.requests.map(asked), [['', [allowed, ...models].map((model) => `model/${model}`)]]);
  assert.deepEqual(provider.requests, []);
});

test('WayAround_AllOfManyModelsAllowed_SendsTheListAsItIs', async () => {
  const models = ['meta-llama/llama-3-70b-instruct', allowed];

  await governed.post('/chat/completions', { body: { model: allowed, messages, models } });

  assert.deepEqual(provider.requests[0]?.body['models'], models);
  assert.deepEqual(cluster.requests.map(asked), [['', [`model/${allowed}`, `model/${models[0]}`]]]);
});

test('WayAround_AzureDeployment_IsAskedForBesideTheModel', async () => {
  const azure = new AzureOpenAI({ apiKey: 'k', apiVersion: '2024-10-21', baseURL: provider.url, deployment: denied.replace('/', '-') });

  const error = await rejected(() => wrapOpenAI(azure, cz).chat.completions.create({ model: allowed, messages }));

  assert.ok(error instanceof PolicyDeniedError);
  assert.deepEqual(cluster.requests.map(asked), [['', [`model/${allowed}`, 'model/google-gemini-pro']]]);
  assert.deepEqual(provider.requests, []);
});

test('WayAround_AzureModelAsDeployment_ReachesIt', async () => {
  cluster.enforce = ({ requestId }) => ({ decision: 1, requestId });
  const azure = new AzureOpenAI({ apiKey: 'k', apiVersion: '2024-10-21', baseURL: provider.url });

  await wrapOpenAI(azure, cz).chat.completions.create({ model: 'mine', messages });

  assert.deepEqual(cluster.requests.map(({ resource }) => resource), ['model/mine']);
  assert.deepEqual(provider.requests.map(({ path }) => path), ['/deployments/mine/chat/completions']);
});
