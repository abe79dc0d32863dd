import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AgentOwners } from './agent-owners.js';

test('Set_BeyondItsCapacity_ForgetsTheAgentAskedAboutLongestAgo', () => {
  const owners = new AgentOwners<string>(3);
  owners.set('one', 'x');
  owners.set('two', 'x');
  owners.set('three', 'x');
  owners.get('one');
  owners.set('two', 'y');

  owners.set('four', 'x');

  assert.deepEqual(['one', 'two', 'three', 'four'].map((agent) => owners.get(agent)), ['x', 'y', undefined, 'x']);
});

test('Forget_KnownOrNot_LeavesNothing', () => {
  const owners = new AgentOwners<string>(1);
  owners.set('one', 'x');

  owners.forget('one');
  owners.forget('none');

  assert.equal(owners.get('one'), undefined);
});
