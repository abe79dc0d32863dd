import { score, seedOf } from '../routing/rendezvous.js';

/** Which of these addresses an agent is asked about first. */
export function firstFor(agent: string, authorities: readonly string[]): number {
  const ranks = authorities.map((authority) => score(seedOf(authority), seedOf(agent)));
  return ranks.indexOf(Math.max(...ranks));
}

/** An agent that is asked about first at the address in that place. */
export function agentAskedAt(index: number, authorities: readonly string[]): string {
  for (let number = 0; ; number++) {
    if (firstFor(`agent-${number}`, authorities) === index) {
      return `agent-${number}`;
    }
  }
}
