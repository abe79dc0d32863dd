/** Which address owns an agent, for those the cluster named another owner of. When it is full, the agent asked about longest ago is forgotten. */
export class AgentOwners<T> {
  readonly #capacity: number;
  readonly #owners = new Map<string, T>(); // the agent asked about longest ago comes first

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(agent: string): T | undefined {
    const owner = this.#owners.get(agent);
    if (owner !== undefined) {
      this.set(agent, owner);
    }
    return owner;
  }

  set(agent: string, owner: T): void {
    this.#owners.delete(agent);
    this.#owners.set(agent, owner);
    const [oldest] = this.#owners.keys();
    if (oldest !== undefined && this.#owners.size > this.#capacity) {
      this.#owners.delete(oldest);
    }
  }

  forget(agent: string): void {
    this.#owners.delete(agent);
  }
}
