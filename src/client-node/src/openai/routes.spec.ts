import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deploymentsOf, routeOf } from './routes.js';

const generates = [
  '/v1/chat/completions', '/v1/chat/completions/', '/v1//chat/completions', '/v1/chat/completions?beta=true', '/v1/Chat/COMPLETIONS',
  '/v1/chat%2Fcompletions', '/v1/%63hat/completions', '/v1/models/../chat/completions', '/v1/models/%2e%2e/chat/completions',
  '/v1/chat\\completions', '/v1/completions', '/v1/responses', '/v1/responses/compact', '/v1/messages', '/v1/decisions',
  '/openai/deployments/mine/chat/completions',
];
for (const path of generates) {
  test(`Route_Post${path}_AsksForGeneration`, () => {
    assert.deepEqual(routeOf('post', `https://api.example${path}`), { kind: 'governed', action: 'llm.generate' });
  });
}

test('Route_PostEmbeddings_AsksForEmbedding', () => {
  assert.deepEqual(routeOf('POST', 'https://api.example/v1/embeddings'), { kind: 'governed', action: 'embedding.generate' });
});

const refused = [
  '/v1/batches', '/v1/threads/runs', '/v1/threads/t1/runs', '/v1/threads/t1/runs/r1/submit_tool_outputs', '/v1/evals/e1/runs',
  '/v1/fine_tuning/alpha/graders/run', '/v1/realtime/sessions', '/v1/realtime/client_secrets', '/v1/realtime/calls/c1/accept',
  '/v1/live/sessions', '/v1/agents/sessions/s1/events', '/v1/chatkit/sessions',
];
for (const path of refused) {
  test(`Route_Post${path}_IsRefused`, () => {
    assert.deepEqual(routeOf('post', `https://api.example${path}`), { kind: 'refused', path });
  });
}

const passes = [
  ['get', '/v1/models'], ['get', '/v1/chat/completions'], ['get', '/v1/responses/resp_1'], ['get', '/v1/batches'], ['delete', '/v1/responses/resp_1'],
  ['post', '/v1/chat/completions/chatcmpl-1'], ['post', '/v1/responses/resp_1/cancel'], ['post', '/v1/responses/input_tokens'],
  ['post', '/v1/batches/b1/cancel'], ['post', '/v1/threads/t1/messages'], ['post', '/v1/images/generations'], ['post', '/v1/audio/speech'],
  ['post', '/v1/moderations'], ['post', '/v1/files'], ['post', '/v1/vector_stores/v1/file_batches'], [undefined, '/v1/chat/completions'],
] as const;
for (const [method, path] of passes) {
  test(`Route_${method}${path}_Passes`, () => {
    assert.deepEqual(routeOf(method, `https://api.example${path}`), { kind: 'passed' });
  });
}

test('Route_UnknownMethod_IsLookedAt', () => {
  assert.equal(routeOf('brew', 'https://api.example/v1/chat/completions').kind, 'governed');
});

test('Deployments_InTheAddress_AreFoundAsWritten', () => {
  assert.deepEqual(deploymentsOf('https://a.example/openai/deployments/My-GPT/chat/completions'), ['My-GPT']);
  assert.deepEqual(deploymentsOf('https://a.example/openai/deployments-proxy/chat/completions'), []);
});
