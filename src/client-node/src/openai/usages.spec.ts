import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Decision } from '../decision.js';
import type { Asker } from './asker.js';
import { GovernedCall } from './governed-call.js';
import { merged, reportOf } from './usages.js';

test('Usage_CachedTokensBesideTheOthers_AreCountedAsInput', () => {
  const usage = { input_tokens: 10, output_tokens: 2, cache_read_input_tokens: 7, cache_creation_input_tokens: 5 };

  assert.deepEqual(reportOf({ usage }, 'llm.generate').usage, { inputTokens: 22, outputTokens: 2, cachedInputTokens: 7, cacheWriteTokens: 5 });
});

test('Report_OfSeveralEvents_KeepsWhatALaterOneDoesNotSay', () => {
  const first = reportOf({ message: { model: 'a/b', usage: { input_tokens: 10, output_tokens: 1 } } }, 'llm.generate');
  const last = reportOf({ usage: { output_tokens: 8 } }, 'llm.generate');

  assert.deepEqual(merged(first, last), { model: 'a/b', usage: { inputTokens: 10, outputTokens: 8 } });
});

for (const [name, expected] of [['AbortError', 'settle'], ['TimeoutError', 'settle'], ['TypeError', 'cancel']] as const) {
  test(`Call_ThatFailsWith${name}_${expected === 'settle' ? 'StaysCharged' : 'IsGivenBack'}`, () => {
    const ended: string[] = [];
    const end = (how: string) => (): Promise<void> => (ended.push(how), Promise.resolve());
    const asker = { cz: { settle: end('settle'), cancel: end('cancel') }, resourcePrefix: 'model/', onSettleError: () => undefined } as unknown as Asker;
    const call = new GovernedCall(asker, 'llm.generate', { reservation: { token: 't' } } as Decision, false);

    call.failed(Object.assign(new Error('it failed'), { name }));
    call.failed(new Error('again'));

    assert.deepEqual(ended, [expected]);
  });
}
