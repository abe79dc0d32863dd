import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { EnforcementService } from './gen/controlzero/v1/enforcement_pb.js';
import { FakeCluster, apiKey } from './testing/fake-cluster.js';
import { FakeProvider } from './testing/fake-provider.js';
import { addReflection } from './testing/reflection.js';

const threeModels = [
  'anthropic/claude-sonnet-4-20250514 allow rule-0 RULE_MATCH',
  'anthropic/claude-opus-4-20250514 deny rule-3 RULE_MATCH',
  'google/gemini-pro deny rule-4 RULE_MATCH',
  '',
].join('\n');
let cluster: FakeCluster;
let provider: FakeProvider;

beforeEach(async () => {
  cluster = new FakeCluster();
  addReflection(cluster.server, EnforcementService.typeName, EnforcementService.file);
  await cluster.start();
  provider = await new FakeProvider().start();
});
afterEach(() => {
  cluster.stop();
  provider.stop();
});

/** Runs an example as a user would: configured by nothing but the environment. */
function run(example: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  const env = { ...process.env, OPENAI_BASE_URL: provider.url, CONTROLZERO_URL: cluster.url, CONTROLZERO_API_KEY: apiKey, CONTROLZERO_AGENT_ID: 'support-bot', OPENAI_API_KEY: 'sk-test' };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('Example_OpenRouter_PrintsALineAModel', async () => {
  assert.deepEqual(await run('openrouter.mjs'), { code: 0, stdout: threeModels, stderr: '' });
  assert.deepEqual(cluster.requests.map(({ agentId }) => agentId), ['support-bot', 'support-bot', 'support-bot']);
});

test('Example_Reflection_KnowsNothingAndPrintsTheSameLines', async () => {
  assert.deepEqual(await run('reflection.mjs'), { code: 0, stdout: threeModels, stderr: '' });
  assert.deepEqual(cluster.requests.map(({ agentId }) => agentId), ['support-bot', 'support-bot', 'support-bot']);
  assert.ok(cluster.authorizations.every((authorization) => authorization === `Bearer ${apiKey}`));
});

test('Example_EnforceAllowedModel_Exits0', async () => {
  assert.deepEqual(await run('enforce.mjs'), { code: 0, stdout: 'openai/gpt-4 allow rule-1 RULE_MATCH\n', stderr: '' });
});

test('Example_EnforceDeniedModel_PrintsTheRuleAndExits2', async () => {
  const { code, stdout, stderr } = await run('enforce.mjs', 'google/gemini-pro');

  assert.deepEqual([code, stdout], [2, 'rule-4\n']);
  assert.match(stderr, /is denied \(RULE_MATCH\): denied by rule `rule-4`/);
});

test('Example_EnforceWithoutServer_Exits1', async () => {
  cluster.stop();

  const { code, stderr } = await run('enforce.mjs');

  assert.equal(code, 1);
  assert.match(stderr, /cannot reach/);
});

test('Example_WrapOpenAIWithAnAllowedModel_StreamsTheAnswer', async () => {
  assert.deepEqual(await run('wrap-openai.mjs'), { code: 0, stdout: 'may I\n', stderr: '' });
  assert.deepEqual([cluster.requests.length, provider.models], [1, ['openai/gpt-4']]);
});

test('Example_WrapOpenAIWithADeniedModel_SendsNothingAndExits2', async () => {
  const { code, stdout, stderr } = await run('wrap-openai.mjs', 'google/gemini-pro');

  assert.deepEqual([code, stdout, provider.requests], [2, '', []]);
  assert.match(stderr, /^`llm.generate` on `model\/google\/gemini-pro` is denied \(RULE_MATCH\): denied by rule `rule-4`/);
});
