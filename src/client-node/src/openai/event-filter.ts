/** Where one event of a stream ends and the next begins. */
const boundary = /\r\n\r\n|\n\n|\r\r/;

/** Longest event that is waited for, in characters; what is longer passes as it is. */
const longestEvent = 4 * 1024 * 1024;

/** Reads server-sent events as they pass, and keeps back those that were not asked for. */
export class EventFilter {
  readonly #decoder = new TextDecoder();
  readonly #keeps: (data: unknown) => boolean;
  #rest = '';

  /** @param keeps sees the data of every event; false: the event is kept back */
  constructor(keeps: (data: unknown) => boolean) {
    this.#keeps = keeps;
  }

  /** What passes on of a piece; events that are not complete wait for the next. */
  pass(piece: Uint8Array | string): string {
    this.#rest += typeof piece === 'string' ? piece : this.#decoder.decode(piece, { stream: true });
    let passed = '';
    for (let end = boundary.exec(this.#rest); end !== null; end = boundary.exec(this.#rest)) {
      const event = this.#rest.slice(0, end.index + end[0].length);
      this.#rest = this.#rest.slice(event.length);
      passed += this.#sees(event) ? event : '';
    }
    if (this.#rest.length > longestEvent) {
      passed += this.#rest;
      this.#rest = '';
    }
    return passed;
  }

  /** What is left at the end. */
  end(): string {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = '';
    return this.#sees(rest) ? rest : '';
  }

  #sees(event: string): boolean {
    const data = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:')).map((line) => line.slice('data:'.length)).join('\n');
    try {
      return data.trim() === '' || this.#keeps(JSON.parse(data));
    } catch {
      return true; // `[DONE]`, or no JSON
    }
  }
}
