import { Readable } from 'node:stream';

import type { Decision } from '../decision.js';
import type { SettleRequest } from '../settlement.js';
import type { Asker } from './asker.js';
import { EventFilter } from './event-filter.js';
import { isObject } from './models.js';
import { merged, reportOf } from './usages.js';
import type { Report } from './usages.js';

/** Longest answer that is read for its usage when a program reads it piece by piece, in characters. */
const longestAnswer = 16 * 1024 * 1024;

type Piece = Uint8Array | string;

/** Reads an answer along: what of a piece passes on, and what is left at the end. */
interface Reading {
  readonly pass: (piece: Uint8Array) => Piece;
  readonly end: () => Piece;
}

/** A call that was allowed and has something reserved: it ends the reservation once the provider has answered, whatever becomes of the answer. */
export class GovernedCall {
  readonly #asker: Asker;
  readonly #action: string;
  readonly #decision: Decision;
  readonly #hidesUsage: boolean;
  #report: Report = {};
  #ended = false;

  /** @param hidesUsage whether the event with the usage was asked for by the wrapper alone, and is nothing the program expects */
  constructor(asker: Asker, action: string, decision: Decision, hidesUsage: boolean) {
    this.#asker = asker;
    this.#action = action;
    this.#decision = decision;
    this.#hidesUsage = hidesUsage;
  }

  /** The provider's answer, read along as the program reads it. */
  observe(response: Response): Response {
    const reading = (name: 'json' | 'text') => async (): Promise<unknown> => {
      const answer: unknown = await (response[name] as () => Promise<unknown>).call(response);
      this.#see(name === 'text' ? parsed(answer as string) : answer);
      this.#end();
      return answer;
    };
    const own = new Map<string | symbol, unknown>([['json', reading('json')], ['text', reading('text')]]);
    return new Proxy(response, {
      get: (target, property) => {
        if (property === 'body' && !own.has('body')) {
          own.set('body', this.#readAlong(target));
        }
        const value: unknown = own.get(property) ?? Reflect.get(target, property, target);
        return typeof value === 'function' && !own.has(property) ? value.bind(target) as unknown : value;
      },
    });
  }

  /**
   * The call failed. A provider that answers with an error did not work, and one that cannot be reached neither: what was reserved is
   * given back. Of a call that was aborted or timed out nobody knows: it stays charged as it was reserved.
   */
  failed(error: unknown): void {
    const name = error instanceof Error ? error.constructor.name : '';
    this.#end(/Abort|Timeout/.test(name) || (error instanceof Error && /Abort|Timeout/.test(error.name)) ? 'settle' : 'cancel');
  }

  #readAlong(response: Response): unknown {
    const body = response.body as (ReadableStream<Uint8Array> & Partial<Readable>) | null;
    if (body === null) {
      return body;
    }
    const isStream = response.headers.get('content-type')?.includes('text/event-stream') ?? false;
    const reading = isStream ? this.#readEvents() : this.#readAnswer();
    return typeof body.pipe === 'function'
      ? Readable.from(this.#piped(body, reading), { objectMode: false }).on('close', () => this.#end()) // node-fetch, in version 4 of the SDK
      : this.#streamed(body, reading);
  }

  /** The provider's stream, piece by piece. One that is left ends the call at once, whatever the provider is doing. */
  #streamed(body: ReadableStream<Uint8Array>, reading: Reading): ReadableStream<Piece> {
    const reader = body.getReader();
    return new ReadableStream<Piece>({
      pull: async (controller) => {
        try {
          for (let passed: Piece = ''; passed.length === 0;) {
            const { done, value } = await reader.read();
            passed = done ? reading.end() : reading.pass(value);
            if (passed.length > 0) {
              controller.enqueue(passed);
            }
            if (done) {
              this.#end();
              return controller.close();
            }
          }
        } catch (error) {
          this.#end();
          throw error;
        }
      },
      cancel: (reason) => {
        this.#end();
        return reader.cancel(reason);
      },
    });
  }

  async *#piped(body: AsyncIterable<Uint8Array>, reading: Reading): AsyncGenerator<Piece, void, undefined> {
    for await (const piece of body) {
      yield reading.pass(piece);
    }
    yield reading.end();
  }

  #readEvents(): Reading {
    const encoder = new TextEncoder();
    const filter = new EventFilter((data) => {
      this.#see(data);
      return !(this.#hidesUsage && isUsageAlone(data));
    });
    return { pass: (piece) => encoder.encode(filter.pass(piece)), end: () => encoder.encode(filter.end()) };
  }

  #readAnswer(): Reading {
    const decoder = new TextDecoder();
    let answer = '';
    return {
      pass: (piece) => {
        answer += answer.length < longestAnswer ? decoder.decode(piece, { stream: true }) : '';
        return piece;
      },
      end: () => {
        this.#see(parsed(answer));
        return '';
      },
    };
  }

  #see(data: unknown): void {
    this.#report = merged(this.#report, reportOf(data, this.#action));
  }

  /** Once, with what is known: a stream that was left before its usage arrived stays charged as it was reserved. */
  #end(how: 'settle' | 'cancel' = 'settle'): void {
    const { token } = this.#decision.reservation ?? {};
    if (this.#ended || token === undefined) {
      return;
    }
    this.#ended = true;
    const { cz, agentId, onSettleError } = this.#asker;
    const ending = how === 'cancel' ? cz.cancel({ token, agentId }) : cz.settle(this.#settlement(token, agentId));
    ending.catch(onSettleError);
  }

  #settlement(token: string, agentId: string | undefined): SettleRequest {
    const { usage, model } = this.#report;
    const isName = model !== undefined && /^[!-~]+$/.test(model) && !/[%\\*?[\]]/.test(model);
    return { token, agentId, usage, ...(isName && { responseModel: `${this.#asker.resourcePrefix}${model}` }) };
  }
}

/** The last event of a stream whose request has `stream_options.include_usage`: no choices, only the usage. */
function isUsageAlone(data: unknown): boolean {
  return isObject(data) && Array.isArray(data['choices']) && data['choices'].length === 0 && isObject(data['usage']);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
