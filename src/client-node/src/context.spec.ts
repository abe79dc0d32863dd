import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Context } from './context.js';
import { ControlZeroError } from './errors.js';
import { toMessage } from './request.js';

const circular: Record<string, unknown> = {};
circular['self'] = circular;

const wrong: [string, unknown, RegExp][] = [
  ['context.region', { region: undefined }, /`context\.region` is `undefined`.*leave the key out/],
  ['context.n', { n: Number.NaN }, /`context\.n` is `NaN`/],
  ['context.n', { n: 1n }, /`context\.n` is `1`/],
  ['context.when', { when: new Date(0) }, /`context\.when` is `Date`/],
  ['context.list[1].f', { list: [1, { f: () => 1 }] }, /`context\.list\[1\]\.f`/],
  ['context.list[0]', { list: new Array<string>(1) }, /is `undefined`/],
  ['context.text', { text: '\ud800x' }, /half of a surrogate pair/],
  [`context${'.self'.repeat(64)}`, circular, /deeper than 64 levels/],
];
for (const [field, context, message] of wrong) {
  test(`Context_${field.slice(0, 40)}Matching${message.source.slice(0, 40)}_IsRefused`, () => {
    assert.throws(() => toMessage({ action: 'a', context: context as Context }, ''), (error) => {
      assert.ok(error instanceof ControlZeroError);
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.match(error.message, message);
      assert.deepEqual(error.violations.map((violation) => violation.field), [field]);
      return true;
    });
  });
}

test('Context_EverythingJsonCanSay_IsCopied', () => {
  const context = { text: 'a😀', n: -1.5, yes: true, nothing: null, list: [[], {}], bare: Object.create(null) as Context, __proto__x: 1 };

  const message = toMessage({ action: 'a', context }, 'bot');

  assert.deepEqual(message.context, { ...context, bare: {} });
});

test('Request_ActionMissingOrNotText_IsRefused', () => {
  assert.throws(() => toMessage({ action: '' }, ''), { code: 'INVALID_ARGUMENT', message: /`action` is missing/ });
  assert.throws(() => toMessage({ action: 'a', resource: 5 as unknown as string }, ''), { message: /`resource` is `5`; it takes a string/ });
  assert.throws(() => toMessage({ action: 'a', resource: 'x\udc00' }, ''), { message: /`resource` has half of a surrogate pair/ });
});

test('Request_CandidatesOrDryRunOfAnotherType_AreRefusedWithEveryFault', () => {
  const candidateResources = ['model/a', '', 7, 'x\udc00'] as string[];

  assert.throws(() => toMessage({ action: 'a', candidateResources, dryRun: 'no' as unknown as boolean }, ''), (error) => {
    assert.ok(error instanceof ControlZeroError);
    assert.deepEqual(error.violations.map(({ description }) => description), [
      '`candidateResources[1]` is ``; name a resource, or leave the entry out',
      '`candidateResources[2]` is `7`; name a resource, or leave the entry out',
      '`candidateResources[3]` has half of a surrogate pair; give well-formed Unicode',
      '`dryRun` is `no`; it takes `true` or `false`',
    ]);
    return true;
  });
  assert.throws(() => toMessage({ action: 'a', candidateResources: 'model/a' as unknown as string[] }, ''),
    { message: '`candidateResources` is `model/a`; it takes a list of resources' });
});

test('Request_WithItsOwnId_KeepsIt', () => {
  assert.equal(toMessage({ action: 'a', requestId: 'r-1' }, '').requestId, 'r-1');
});
