import type { Decision } from './decision.js';
import { ControlZeroError } from './errors.js';
import type { CallOptions, EnforceRequest } from './request.js';
import type { CancelRequest, SettleOutcome, SettleRequest } from './settlement.js';
import type { StreamExchange } from './stream-exchange.js';

/** The calls of a client that can go over a stream first. */
export interface StreamedCalls {
  check(request: EnforceRequest, options: CallOptions): Promise<Decision>;
  enforce(request: EnforceRequest, options: CallOptions): Promise<Decision>;
  settle(request: SettleRequest, options: CallOptions): Promise<SettleOutcome>;
  cancel(request: CancelRequest, options: CallOptions): Promise<SettleOutcome>;
}

/**
 * Questions, settlements and cancellations over one open stream to one server: what a call costs by itself is saved. Each is answered by itself, in any
 * order, and comes to what the call of the same name of `ControlZero` comes to, in the same time. When the stream breaks, what was under way and what
 * comes later is asked by single calls, with the same request ids; open another one when `isOpen` is false.
 */
export class EnforceStream {
  readonly #calls: StreamedCalls;
  readonly #exchange: StreamExchange;
  #closed = false;

  /** @internal */
  constructor(calls: StreamedCalls, exchange: StreamExchange) {
    this.#calls = calls;
    this.#exchange = exchange;
  }

  /** Whether messages still go over the stream. */
  get isOpen(): boolean {
    return !this.#closed && !this.#exchange.isOver;
  }

  /** As `ControlZero.check`. The signal ends the wait for the answer, and not the stream; what was not sent yet is not sent. */
  async check(request: EnforceRequest, options: CallOptions = {}): Promise<Decision> {
    return this.#open().check(request, options);
  }

  /** As `ControlZero.enforce`. The signal ends the wait for the answer, and not the stream; what was not sent yet is not sent. */
  async enforce(request: EnforceRequest, options: CallOptions = {}): Promise<Decision> {
    return this.#open().enforce(request, options);
  }

  /** As `ControlZero.settle`. */
  async settle(request: SettleRequest, options: CallOptions = {}): Promise<SettleOutcome> {
    return this.#open().settle(request, options);
  }

  /** As `ControlZero.cancel`. */
  async cancel(request: CancelRequest, options: CallOptions = {}): Promise<SettleOutcome> {
    return this.#open().cancel(request, options);
  }

  /** Takes nothing more, waits for the answers that are under way, at most `timeoutMs`, and ends the stream. The client stays open. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#exchange.close();
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(): StreamedCalls {
    if (this.#closed) {
      throw new ControlZeroError('FAILED_PRECONDITION', 'the stream is closed; open another one with `openStream()`', { reason: 'STREAM_CLOSED' });
    }
    return this.#calls;
  }
}
