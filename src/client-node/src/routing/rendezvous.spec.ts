import assert from 'node:assert/strict';
import { test } from 'node:test';

import { score, seedOf } from './rendezvous.js';

const names = ['a', 'b', 'c', 'd'];
const agents = (count: number): string[] => Array.from({ length: count }, (_, index) => `agent-${index}`);

/** The addresses `a:5050` and so on, by their letters, in the order they rank for an agent. */
function order(agent: string, among: readonly string[] = names): string {
  const rank = (name: string): number => score(seedOf(`${name}:5050`), seedOf(agent));
  return [...among].sort((one, other) => rank(other) - rank(one)).join('');
}

// The C# client's test holds the same list: both must send an agent to the same silo.
const known = { '': 'dcba', a: 'dcba', 'agent-1': 'bdac', 'agent-2': 'cadb', 'support-bot': 'bcad', 'team@example.com:écrivain': 'abcd' };
for (const [agent, expected] of Object.entries(known)) {
  test(`Order_Of[${agent}]_IsTheSameInEveryClient`, () => assert.equal(order(agent), expected));
}

test('Order_AddressTakenAway_LeavesTheOrderOfTheOthers', () => {
  for (const agent of agents(1_000)) {
    assert.equal(order(agent, ['a', 'c', 'd']), order(agent).replace('b', ''));
  }
});

test('Order_ManyAgents_GivesEachAddressItsShare', () => {
  const counts = new Map<string, number>();
  for (const agent of agents(10_000)) {
    const first = order(agent).charAt(0);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }

  // The agents are fixed, so the counts are: this fails only when the hash is changed to a worse one.
  assert.deepEqual([...counts.values()].map((count) => count > 2_400 && count < 2_600), [true, true, true, true]);
});
