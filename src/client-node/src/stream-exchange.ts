import { create } from '@bufbuild/protobuf';

import { ControlZeroError } from './errors.js';
import { EnforceStreamRequestSchema, EnforcementService } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceStreamRequest, EnforceStreamRequestSchema as RequestSchema, EnforceStreamResponse, EnforceStreamResponseSchema as ResponseSchema } from './gen/controlzero/v1/enforcement_pb.js';
import { fromStatus } from './status-details.js';
import type { DuplexCall, Transport } from './transport.js';

/** What is sent, without the number that says which answer belongs to it. */
export type StreamMessage = Exclude<EnforceStreamRequest['message'], { case: undefined }>;

/** The answers of a kind. */
type AnswerOf<K extends EnforceStreamResponse['result']['case']> = Extract<EnforceStreamResponse['result'], { case: K }>['value'];

/** Messages and their answers over one stream, told apart by their number. */
export class StreamExchange {
  readonly #timeoutMs: number;
  readonly #waiting = new Map<bigint, (answer: EnforceStreamResponse | undefined) => void>();
  readonly #unsent = new Map<bigint, EnforceStreamRequest>();
  /** Resolves when the stream has ended, in whatever way. */
  readonly over: Promise<void>;

  #call: DuplexCall<typeof RequestSchema, typeof ResponseSchema> | undefined;
  #last = 0n;
  #isSending = false;
  #isClosing = false;
  #isOver = false;

  /**
   * Opens the stream.
   * @param timeoutMs how long `close` waits for answers that are under way
   */
  constructor(duplex: NonNullable<Transport['duplex']>, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.over = this.#run(duplex);
  }

  /** Whether the stream has ended, in whatever way. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Sends a message and waits for its answer of that kind.
   * @throws ControlZeroError what the single call would fail with; `UNAVAILABLE` when that one is worth an attempt: the stream is over, or its server cannot
   * answer now
   */
  async ask<K extends 'response' | 'settled' | 'cancelled'>(message: StreamMessage, kind: K, signal: AbortSignal): Promise<AnswerOf<K>> {
    const result = (await this.#answerTo(message, signal))?.result;
    if (result?.case === 'error') {
      throw fromStatus(result.value);
    }
    if (result?.case !== kind) {
      throw new ControlZeroError('UNAVAILABLE', 'the stream is over');
    }
    return result.value as AnswerOf<K>;
  }

  /** Sends nothing more, waits for the answers that are under way, and ends the stream. Idempotent. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const timer = setTimeout(() => this.#call?.cancel(), this.#timeoutMs);
    this.#endWhenSent();
    await this.over;
    clearTimeout(timer);
  }

  #answerTo(message: StreamMessage, signal: AbortSignal): Promise<EnforceStreamResponse | undefined> {
    if (this.#isOver) {
      return Promise.resolve(undefined);
    }
    const correlationId = ++this.#last;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(correlationId);
        this.#unsent.delete(correlationId); // asked for nobody, it would still be charged
        reject(signal.reason);
        this.#endWhenSent();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.set(correlationId, (answer) => {
        this.#waiting.delete(correlationId);
        signal.removeEventListener('abort', leave);
        resolve(answer);
      });
      this.#unsent.set(correlationId, create(EnforceStreamRequestSchema, { correlationId, message }));
      void this.#send();
    });
  }

  /** Sends what waits for its turn, as fast as the server takes it. */
  async #send(): Promise<void> {
    if (this.#call === undefined || this.#isSending) {
      return;
    }
    this.#isSending = true;
    try {
      for (const [correlationId, message] of this.#unsent) {
        this.#unsent.delete(correlationId);
        await this.#call.write(message);
      }
    } catch {
      this.#call.cancel(); // what cannot be sent has no answer
    }
    this.#isSending = false;
    this.#endWhenSent();
  }

  #endWhenSent(): void {
    if (this.#isClosing && !this.#isSending && this.#unsent.size === 0) {
      this.#call?.end();
    }
  }

  /** Whatever ends it: what is asked then is asked by single calls, which say what is wrong. */
  async #run(duplex: NonNullable<Transport['duplex']>): Promise<void> {
    try {
      this.#call = await duplex(EnforcementService.method.enforceStream);
      void this.#send();
      this.#endWhenSent();
      for await (const answer of this.#call.answers) {
        this.#waiting.get(answer.correlationId)?.(answer);
      }
    } catch {
      // as above
    } finally {
      this.#isOver = true;
      this.#unsent.clear();
      for (const answered of [...this.#waiting.values()]) {
        answered(undefined);
      }
    }
  }
}
