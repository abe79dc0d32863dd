import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ControlZeroError } from '../errors.js';
import { modelsOf } from './models.js';

const found: [string, Record<string, unknown>, string[]][] = [
  ['OneModel', { model: 'a/b' }, ['a/b']],
  ['FallbackList', { model: 'a/b', models: ['c/d', 'a/b', 'e/f'] }, ['a/b', 'c/d', 'e/f']],
  ['EmptyFallbackList', { model: 'a/b', models: [], fallbacks: null }, ['a/b']],
  ['ObjectsAsFallbacks', { model: 'a/b', fallbacks: ['c/d', { model: 'e/f', api_key: 'x' }] }, ['a/b', 'c/d', 'e/f']],
  ['Auto', { model: 'openrouter/auto', route: 'fallback' }, ['openrouter/auto']],
  ['PresetAsModel', { model: '@preset/cheap' }, ['@preset/cheap']],
  ['PresetField', { model: 'a/b', preset: 'cheap' }, ['a/b', '@preset/cheap']],
  ['ExtraBody', { model: 'a/b', extra_body: { model: 'c/d', models: ['e/f'], preset: 'cheap' } }, ['a/b', 'c/d', 'e/f', '@preset/cheap']],
  ['Variants', { model: 'a/b:free', models: ['a/b:nitro'] }, ['a/b:free', 'a/b:nitro']],
];
for (const [name, body, models] of found) {
  test(`Models_${name}_AreAllNamed`, () => {
    assert.deepEqual(modelsOf(body, []), models);
  });
}

test('Models_SixtyFour_AreAskedForAll', () => {
  assert.equal(modelsOf({ model: 'c/0', models: Array.from({ length: 64 }, (_, index) => `c/${index}`) }, []).length, 64);
});

test('Models_ChosenByTheAddress_AreAskedForToo', () => {
  assert.deepEqual(modelsOf({ model: 'a/b' }, ['deployed', undefined, '']), ['a/b', 'deployed']);
});

const wrong: [string, Record<string, unknown>, string][] = [
  ['MissingModel', {}, '`model` is missing; name the model, for example `openai/gpt-4`, so that it can be decided on'],
  ['EmptyModel', { model: '' }, '`model` is ``; name the model, for example `openai/gpt-4`, so that it can be decided on'],
  ['NumberAsModel', { model: 4 }, '`model` is `4`; name the model, for example `openai/gpt-4`, so that it can be decided on'],
  ['ModelsWithoutModel', { models: ['a/b'] }, '`model` is missing; name the model, for example `openai/gpt-4`, so that it can be decided on'],
  ['ModelsAsText', { model: 'a/b', models: 'c/d' }, '`models` is `c/d`; it takes a list of model names'],
  ['EmptyFallback', { model: 'a/b', models: ['c/d', ''] }, '`models` holds ``, which names no model; write the model\'s name or leave it out'],
  ['NullFallback', { model: 'a/b', models: [null] }, '`models` holds `null`, which names no model; write the model\'s name or leave it out'],
  ['NumberAsPreset', { model: 'a/b', preset: 7 }, '`preset` holds `7`, which names no model; write the model\'s name or leave it out'],
  ['ExtraModel', { model: 'a/b', extra_body: { model: 7 } }, '`extra_body.model` holds `7`, which names no model; write the model\'s name or leave it out'],
];
wrong.push(['TooManyModels', { model: 'a/b', models: Array.from({ length: 64 }, (_, index) => `c/${index}`) }, 'the request names `65` models; it may name 64, send fewer fallbacks']);
for (const [name, body, message] of wrong) {
  test(`Models_${name}_IsRefused`, () => {
    assert.throws(() => modelsOf(body, []), (error: unknown) => {
      assert.ok(error instanceof ControlZeroError);
      assert.deepEqual([error.code, error.reason, error.message], ['INVALID_ARGUMENT', 'MODEL_REQUIRED', message]);
      return true;
    });
  });
}
