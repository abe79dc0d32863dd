/** A clock that only moves when a test moves it, with the chance the test gives it. */
export class StillClock {
  time = 1_000;
  readonly chance: number;

  constructor(chance = 0) {
    this.chance = chance;
  }

  readonly now = (): number => this.time;
  readonly random = (): number => this.chance;
}
