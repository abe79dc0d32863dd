import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ControlZero } from './control-zero.js';
import { ControlZeroError } from './errors.js';
import { resolveOptions } from './options.js';
import type { ControlZeroOptions } from './options.js';

const apiKey = 'cz_test_key_secret';

test('Options_NothingButAKey_HaveTheirDefaults', () => {
  const resolved = resolveOptions({}, { CONTROLZERO_API_KEY: apiKey, CONTROLZERO_URL: '', CONTROLZERO_AGENT_ID: '' });

  assert.deepEqual(resolved, {
    connection: { urls: [new URL('http://127.0.0.1:5050')], apiKey }, agentId: undefined, timeoutMs: 2000, maxAttempts: 3,
    onUnavailable: 'deny', obligations: new Set(),
  });
});

test('Options_EnvironmentSet_IsReadWhereAnOptionIsMissing', () => {
  const env = { CONTROLZERO_API_KEY: 'of-env', CONTROLZERO_URL: 'https://env:1', CONTROLZERO_AGENT_ID: 'env-bot' };

  const fromEnv = resolveOptions({ url: undefined }, env);
  const fromOptions = resolveOptions({ url: 'http://opt:2', apiKey, agentId: 'opt-bot' }, env);

  assert.deepEqual([fromEnv.connection, fromEnv.agentId], [{ urls: [new URL('https://env:1')], apiKey: 'of-env' }, 'env-bot']);
  assert.deepEqual([fromOptions.connection, fromOptions.agentId], [{ urls: [new URL('http://opt:2')], apiKey }, 'opt-bot']);
});

test('Options_SeveralAddresses_AreReadInOrder', () => {
  const { connection } = resolveOptions({ url: 'http://b:5050, http://a:5050/ ,http://[::1]:5051', apiKey }, {});

  assert.ok('urls' in connection);
  assert.deepEqual(connection.urls.map(({ host }) => host), ['b:5050', 'a:5050', '[::1]:5051']);
});

const wrong: [string, Record<string, unknown>, RegExp][] = [
  ['url', { url: '127.0.0.1:5050' }, /option `url` \(CONTROLZERO_URL\) is `127\.0\.0\.1:5050`.*set the option `url` or CONTROLZERO_URL to/],
  ['url', { url: 'ftp://host' }, /`ftp:\/\/host`/],
  ['url', { url: 'http://host:1/path' }, /with a path/],
  ['url', { url: 'http://user:hunter2@host' }, /user name or password/],
  ['url', { url: 'user:hunter2@host' }, /user name or password/],
  ['url', { url: 'http://user:hunter2,hunter2@host' }, /user name or password/],
  ['url', { url: 'http://a:1,' }, /is ``, not the address.*several with commas between/],
  ['url', { url: 'http://a:1;http://b:1' }, /`http:\/\/a:1;http:\/\/b:1`/],
  ['url', { url: 'http://a:1,b:1' }, /`b:1`, not the address/],
  ['url', { url: 'http://a:1,https://b:1' }, /mixes http and https/],
  ['url', { url: 'http://a:1, http://b:1, http://A:1/' }, /names `a:1` twice/],
  ['apiKey', { apiKey: '' }, /`apiKey`.*CONTROLZERO_API_KEY.*set one of them/],
  ['apiKey', { apiKey: 'cz_test_secret\n' }, /`apiKey` \(CONTROLZERO_API_KEY\).*copy the key again/],
  ['timeoutMs', { timeoutMs: 0 }, /`timeoutMs` is `0`.*1 to 600000, default 2000/],
  ['timeoutMs', { timeoutMs: Number.NaN }, /`timeoutMs` is `NaN`/],
  ['maxAttempts', { maxAttempts: 11 }, /`maxAttempts` is `11`.*1 to 10, default 3/],
  ['onUnavailable', { onUnavailable: 'open' }, /`onUnavailable` is `open`; it takes `deny` or `allow`/],
  ['obligations', { obligations: [''] }, /`obligations` takes a list of names/],
  ['obligations', { obligations: 'redact' }, /`obligations` takes a list of names/],
];
for (const [field, options, message] of wrong) {
  test(`Options_${JSON.stringify(options)}_AreRefused`, () => {
    const make = (): ControlZero => new ControlZero({ apiKey, ...options } as ControlZeroOptions);

    assert.throws(make, (error) => {
      assert.ok(error instanceof ControlZeroError);
      assert.deepEqual([error.code, error.reason], ['INVALID_ARGUMENT', 'INVALID_OPTION']);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret|hunter2/);
      assert.deepEqual(error.violations.map((violation) => violation.field), [field]);
      return true;
    });
  });
}

test('Options_SeveralWrong_AreReportedTogether', () => {
  assert.throws(() => resolveOptions({ url: 'x', timeoutMs: -1 }, {}), (error) => {
    assert.ok(error instanceof ControlZeroError);
    assert.deepEqual(error.violations.map(({ field }) => field).sort(), ['apiKey', 'timeoutMs', 'url']);
    return true;
  });
});
