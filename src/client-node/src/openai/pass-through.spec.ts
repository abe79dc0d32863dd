import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { text } from 'node:stream/consumers';

import OpenAI from 'openai';

import type { ControlZero } from '../control-zero.js';
import { ControlZeroError, PolicyDeniedError } from '../errors.js';
import { FakeCluster, openRouterPolicy } from '../testing/fake-cluster.js';
import { FakeProvider } from '../testing/fake-provider.js';
import { wrapOpenAI } from './wrap-openai.js';

const allowed = 'openai/gpt-4';
const denied = 'google/gemini-pro';
const messages = [{ role: 'user' as const, content: 'May I?' }];
const never = new Promise<never>(() => undefined);

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

const stream = (signal?: AbortSignal) => governed.chat.completions.create({ model: allowed, messages, stream: true }, signal && { signal });
const said = async (chunks: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> => {
  let words = '';
  for await (const chunk of chunks) {
    words += chunk.choices[0]?.delta.content ?? '';
  }
  return words;
};

test('Promise_WithResponse_GivesDataAndResponse', async () => {
  const { data, response, request_id } = await governed.chat.completions.create({ model: allowed, messages }).withResponse();

  assert.deepEqual([data.choices[0]?.message.content, response.status, request_id], ['may I', 200, 'req_1']);
});

test('Promise_AsResponse_GivesTheRawResponse', async () => {
  const response = await governed.chat.completions.create({ model: allowed, messages }).asResponse();

  assert.equal(((await response.json()) as { model: string }).model, allowed);
});

for (const method of ['withResponse', 'asResponse'] as const) {
  test(`Promise_${method}OfADeniedModel_ThrowsTheDecision`, async () => {
    await assert.rejects(governed.chat.completions.create({ model: denied, messages })[method](), PolicyDeniedError);

    assert.deepEqual(provider.requests, []);
  });
}

test('Stream_Tee_GivesTheSameTwice', async () => {
  const [left, right] = (await stream()).tee();

  assert.deepEqual([await said(left), await said(right)], ['may I', 'may I']);
});

test('Stream_ToReadableStream_GivesLinesOfJson', async () => {
  const lines = (await text((await stream()).toReadableStream())).trim().split('\n');

  assert.deepEqual(lines.map((line) => (JSON.parse(line) as OpenAI.ChatCompletionChunk).choices[0]?.delta.content ?? ''), ['may', ' ', 'I', '']);
});

test('Stream_ControllerAbort_EndsItHereAndAtTheProvider', { timeout: 20_000 }, async () => {
  provider.lastWord = never;
  const left = new Promise<void>((resolve) => (provider.abandoned = resolve));
  const answer = await stream();
  const heard: unknown[] = [];

  for await (const chunk of answer) {
    heard.push(chunk.choices[0]?.delta.content);
    if (heard.length === 2) {
      answer.controller.abort();
    }
  }
  await left;

  assert.deepEqual(heard, ['may', ' ']);
});

test('Signal_AbortedWhileTheDecisionIsMade_RejectsAsTheSdkDoesAndSendsNothing', { timeout: 20_000 }, async () => {
  const abort = new AbortController();
  const ended = new Promise<void>((resolve) => (cluster.cancelled = resolve));
  cluster.enforce = () => {
    abort.abort();
    return never;
  };

  await assert.rejects(stream(abort.signal), OpenAI.APIUserAbortError);
  await ended;

  assert.deepEqual(provider.requests, []);
});

test('Signal_AbortedBeforeTheCall_AsksNobody', async () => {
  await assert.rejects(stream(AbortSignal.abort()), OpenAI.APIUserAbortError);

  assert.deepEqual([cluster.requests, provider.requests], [[], []]);
});

test('Signal_RunnerAbortedWhileTheDecisionIsMade_EmitsAbort', { timeout: 20_000 }, async () => {
  const runner = governed.chat.completions.stream({ model: allowed, messages });
  cluster.enforce = () => {
    runner.abort();
    return never;
  };

  await assert.rejects(runner.done(), OpenAI.APIUserAbortError);

  assert.equal(runner.aborted, true);
  assert.deepEqual(provider.requests, []);
});

test('Runner_DeniedModel_TellsTheDecisionToListenersAndReaders', async () => {
  const runner = governed.chat.completions.stream({ model: denied, messages });
  const heard = new Promise<unknown>((resolve) => runner.on('error', resolve));

  await assert.rejects(said(runner), PolicyDeniedError);

  assert.ok((await heard) instanceof PolicyDeniedError);
});

test('Runner_ToolLoop_AsksBeforeEveryTurn', async () => {
  let turns = 0;
  cluster.enforce = (request) => openRouterPolicy(++turns === 2 ? { ...request, resource: `model/${denied}` } : request);
  const look = { name: 'look', description: 'Looks.', parameters: {}, parse: JSON.parse, function: () => 'seen' };
  const runner = governed.chat.completions.runTools({ model: allowed, messages, tools: [{ type: 'function', function: look }] });

  await assert.rejects(runner.finalContent(), PolicyDeniedError);

  assert.equal(provider.requests.length, 1);
});

test('Error_OfTheProvider_ComesAsTheSdkHasIt', async () => {
  provider.failures.push(429);

  await assert.rejects(governed.chat.completions.create({ model: allowed, messages }), OpenAI.RateLimitError);
});

test('Retry_OfTheSdk_IsTheSameCallAndAskedOnce', async () => {
  provider.failures.push(500);

  await governed.chat.completions.create({ model: allowed, messages }, { maxRetries: 1 });

  assert.deepEqual([cluster.requests.length, provider.requests.length], [1, 2]);
});

for (const [onUnavailable, sent] of [['deny', 0], ['allow', 1]] as const) {
  test(`Cluster_GoneAndOnUnavailable${onUnavailable}_Sends${sent}Requests`, async () => {
    cluster.stop();
    const unsure = cluster.client({ onUnavailable, maxAttempts: 1 });

    const outcome = await wrapOpenAI(openai, unsure).chat.completions.create({ model: allowed, messages }).then(({ model }) => model, (error: unknown) => error);

    assert.equal(outcome instanceof PolicyDeniedError ? outcome.reasonCode : outcome, sent === 1 ? allowed : 'STATE_UNAVAILABLE');
    assert.equal(provider.requests.length, sent);
    await unsure.close();
  });
}

test('Cluster_RefusesTheQuestion_ThrowsTheErrorAndSendsNothing', async () => {
  const stranger = cluster.client({ apiKey: 'cz_test_wrong_key' });

  await assert.rejects(wrapOpenAI(openai, stranger).embeddings.create({ model: allowed, input: 'x' }), (error: unknown) => {
    return error instanceof ControlZeroError && error.code === 'UNAUTHENTICATED';
  });

  assert.deepEqual(provider.requests, []);
  await stranger.close();
});

test('Concurrency_FiftyCallsOfTwoAgents_EachHasItsOwnDecision', async () => {
  const clients = { reader: wrapOpenAI(openai, cz, { agentId: 'reader' }), writer: wrapOpenAI(openai, cz, { agentId: 'writer' }) };
  cluster.enforce = ({ agentId, requestId }) => ({ decision: agentId === 'writer' ? 1 : 2, requestId });

  const calls = Array.from({ length: 50 }, (_, index) => {
    const client = index % 2 === 0 ? clients.reader : clients.writer;
    return client.chat.completions.create({ model: `some/model-${index}`, messages });
  });
  const outcomes = await Promise.allSettled(calls);

  assert.deepEqual(outcomes.map(({ status }) => status), calls.map((_, index) => (index % 2 === 0 ? 'rejected' : 'fulfilled')));
  assert.equal(cluster.requests.length, 50);
  assert.deepEqual(provider.models.sort(), calls.flatMap((_, index) => (index % 2 === 0 ? [] : `some/model-${index}`)).sort());
});

test('View_OfTheClient_IsItInEverythingElse', async () => {
  const page = await governed.models.list();

  assert.ok(governed instanceof OpenAI);
  assert.deepEqual([governed.baseURL, governed.apiKey, governed.maxRetries], [openai.baseURL, 'sk-test', 0]);
  assert.equal(governed.constructor, OpenAI);
  assert.equal(governed.chat, governed.chat);
  assert.equal(governed.buildURL, governed.buildURL);
  assert.equal(page.hasNextPage(), false);
});

test('View_MethodsThatUsePrivateFields_Work', async () => {
  const { buildURL } = governed;
  const secret = `whsec_${Buffer.from('secret').toString('base64')}`;

  assert.equal(buildURL('/models', null, 'https://other.example'), `${provider.url}/models`);
  await assert.rejects(governed.webhooks.unwrap('{}', { 'webhook-signature': 'v1,x', 'webhook-timestamp': '1', 'webhook-id': 'w' }, secret),
    OpenAI.InvalidWebhookSignatureError);
});

test('View_MethodTakenFromItsGroup_BehavesAsInTheSdk', async () => {
  const create = governed.chat.completions.create.bind(governed.chat.completions);

  await assert.rejects(create({ model: denied, messages }), PolicyDeniedError);
  assert.equal((await create({ model: allowed, messages })).model, allowed);
});

test('View_Original_StaysAsItWas', async () => {
  const before = Object.getOwnPropertyNames(openai);

  await openai.chat.completions.create({ model: denied, messages });

  assert.deepEqual(Object.getOwnPropertyNames(openai), before);
  assert.deepEqual([cluster.requests.length, provider.models], [0, [denied]]);
  assert.notEqual(governed.chat, openai.chat);
});

test('View_SettingAProperty_IsRefusedAndReachesNeitherClient', () => {
  for (const set of [() => (governed.timeout = 1), () => delete (governed as Partial<OpenAI>).chat, () => Object.defineProperty(governed, 'chat', {})]) {
    assert.throws(set, { name: 'ControlZeroError', reason: 'CLIENT_READ_ONLY' });
  }
  assert.notEqual(openai.timeout, 1);
});

test('Wrap_Options_ChooseThePrefixAndTheAgent', async () => {
  cluster.enforce = ({ requestId }) => ({ decision: 1, requestId });

  await wrapOpenAI(openai, cz, { agentId: 'writer', resourcePrefix: 'model/eu/' }).chat.completions.create({ model: 'm', messages });

  assert.deepEqual(cluster.requests.map(({ agentId, resource }) => [agentId, resource]), [['writer', 'model/eu/m']]);
});

const wrongly: [string, () => unknown, RegExp][] = [
  ['AWrappedClient', () => wrapOpenAI(governed, cz), /^`client` is wrapped already, .*; wrap the client that `new OpenAI\(...\)` returned$/],
  ['AWrappedClientWithOptions', () => wrapOpenAI(governed.withOptions({ timeout: 1 }), cz), /^`client` is wrapped already/],
  ['AnotherWrapperAroundAWrappedClient', () => wrapOpenAI(new Proxy(governed, {}), cz), /^`client` is wrapped already/],
  ['NoClient', () => wrapOpenAI({} as OpenAI, cz), /^`client` is not an OpenAI client; pass `new OpenAI\(...\)`/],
  ['NothingAtAll', () => wrapOpenAI(undefined as unknown as OpenAI, cz), /^`client` is not an OpenAI client/],
  ['NoControlZero', () => wrapOpenAI(openai, {} as ControlZero), /^`cz` is not a ControlZero/],
  ['AnEmptyAgent', () => wrapOpenAI(openai, cz, { agentId: '' }), /^option `agentId` is empty/],
  ['APrefixThatIsNoText', () => wrapOpenAI(openai, cz, { resourcePrefix: 7 as unknown as string }), /^option `resourcePrefix` is `7`; it takes a string/],
];
for (const [name, wrap, message] of wrongly) {
  test(`Wrap_${name}_IsRefused`, () => {
    assert.throws(wrap, { name: 'ControlZeroError', code: 'INVALID_ARGUMENT', reason: 'INVALID_OPTION', message });
  });
}
