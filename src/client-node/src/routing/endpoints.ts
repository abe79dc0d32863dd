import type { Clock } from '../clock.js';
import { AgentOwners } from './agent-owners.js';
import type { Address, Endpoint } from './endpoint.js';
import { score, seedOf } from './rendezvous.js';
import { Route } from './route.js';
import { Standing } from './standing.js';

/** The response header by which the cluster names the address of the silo that owns the agent, `host:port`, when another one answered. */
export const ownerHeader = 'controlzero-owner';

/** How many agents whose owner was named are remembered. */
const maxOwners = 10_000;

/** The addresses of the cluster, and which of them to ask about an agent. */
export class Endpoints {
  readonly #all: readonly Endpoint[];
  readonly #owners = new AgentOwners<Endpoint>(maxOwners);

  /** Takes the addresses in the order they are configured; at least one. */
  constructor(addresses: readonly Address[], clock: Pick<Clock, 'now' | 'random'>) {
    this.#all = addresses.map((address) => ({ ...address, seed: seedOf(address.authority), standing: new Standing(clock) }));
  }

  /** The way of a call that is about no agent: the addresses as configured. */
  inOrder(): Route {
    return new Route(this.#all);
  }

  /** The address of a call that ends as it may, and says little about the address: a stream. */
  firstReachable(): Endpoint {
    return this.inOrder().peek();
  }

  /** The way of a call about an agent: its owner if the cluster named one, then the addresses as they rank for the agent. */
  routeFor(agentId: string): Route {
    const ranked = this.#ranked(agentId);
    const owner = this.#owners.get(agentId);
    return new Route(owner === undefined ? ranked : [owner, ...ranked.filter((endpoint) => endpoint !== owner)]);
  }

  /**
   * Takes what the headers of an answer say about the owner of its agent. Without the header, whoever answered owns the agent or
   * does not know: nothing is learned. An owner that is none of the addresses cannot be asked.
   * @returns the owner that was named, if it is one of the addresses
   */
  learn(agentId: string, named: string | undefined): Endpoint | undefined {
    if (this.#all.length === 1 || named === undefined) {
      return undefined;
    }
    const owner = this.#all.find(({ authority }) => authority === named.toLowerCase());
    if (owner === undefined || owner === this.#ranked(agentId)[0]) {
      this.#owners.forget(agentId);
    } else {
      this.#owners.set(agentId, owner);
    }
    return owner;
  }

  /** Gives up every connection. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ transport }) => transport.close()));
  }

  #ranked(agentId: string): readonly Endpoint[] {
    if (this.#all.length === 1) {
      return this.#all;
    }
    const agent = seedOf(agentId);
    return this.#all
      .map((endpoint) => ({ endpoint, rank: score(endpoint.seed, agent) }))
      .sort((one, other) => other.rank - one.rank || (one.endpoint.authority < other.endpoint.authority ? -1 : 1))
      .map(({ endpoint }) => endpoint);
  }
}
