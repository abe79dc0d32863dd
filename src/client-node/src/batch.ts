import { create } from '@bufbuild/protobuf';

import type { Decision } from './decision.js';
import { ControlZeroError } from './errors.js';
import { EnforceBatchRequestSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceBatchRequest, EnforceBatchResponse, EnforceBatchResult, EnforceRequest, EnforceResponse } from './gen/controlzero/v1/enforcement_pb.js';
import { stalenessOf } from './routing/staleness.js';
import type { Staleness } from './routing/staleness.js';
import { fromStatus } from './status-details.js';

/** What one request of a batch came to: a decision, or why there is none. Without a decision the agent may not act. */
export type CheckOutcome =
  | { readonly decision: Decision; readonly error?: undefined }
  | { readonly error: ControlZeroError; readonly decision?: undefined };

/** What arrived for one question; `undefined`: the server answered, but not this. */
export type Answer = EnforceResponse | ControlZeroError | undefined;

/** Makes one attempt of the call. */
export type SendBatch = (request: EnforceBatchRequest) => Promise<EnforceBatchResponse>;

/** Questions that travel together. It remembers what was answered, so that another attempt asks only for the rest. */
export class Batch {
  readonly #answers = new Map<EnforceRequest, Answer>();
  #pending: readonly EnforceRequest[];

  constructor(questions: readonly EnforceRequest[]) {
    this.#pending = questions;
  }

  /** The agent of the first question: the batch goes where that one is asked. Empty: there is no question, or it names none. */
  get firstAgent(): string {
    return this.#pending[0]?.agentId ?? '';
  }

  /** Whether a stale server answered some of what is pending; then another one is worth asking. */
  stalenessOf({ results }: EnforceBatchResponse): Staleness | undefined {
    return results.length === this.#pending.length ? results.map(stalenessOfResult).find((staleness) => staleness !== undefined) : undefined;
  }

  /**
   * Asks for everything that has no answer yet or only a stale one, and for nothing when there is no such thing. What arrives after the signal is not used.
   * @throws ControlZeroError `UNAVAILABLE` while the server could not decide some of them, and none is stale: another attempt may
   */
  async ask(send: SendBatch, signal: AbortSignal): Promise<undefined> {
    const asked = this.#pending;
    if (asked.length === 0) {
      return;
    }
    const { results } = await send(create(EnforceBatchRequestSchema, { requests: [...asked] }));
    signal.throwIfAborted();
    const aligned = results.length === asked.length; // else nobody knows which answer is whose
    const undecided: EnforceRequest[] = [];
    let isStale = false;
    let failure: ControlZeroError | undefined;
    for (const [index, question] of asked.entries()) {
      const item = aligned ? results[index] : undefined;
      const answer = item?.result.case === 'error' ? fromStatus(item.result.value) : item?.result.value;
      const isNoAnswer = answer instanceof ControlZeroError && (answer.code === 'UNAVAILABLE' || answer.code === 'DEADLINE_EXCEEDED');
      if (!isNoAnswer || !this.#isStale(question)) { // a deny that arrived denies
        this.#answers.set(question, answer);
      }
      if (item !== undefined && stalenessOfResult(item) !== undefined) {
        undecided.push(question);
        isStale = true;
      } else if (answer instanceof ControlZeroError && answer.code === 'UNAVAILABLE') {
        undecided.push(question);
        failure ??= answer;
      }
    }
    this.#pending = undecided;
    if (failure !== undefined && !isStale) {
      throw failure;
    }
  }

  /** What arrived for a question, or the error that stood in the way of an answer. */
  answerTo(question: EnforceRequest, failure: ControlZeroError | undefined): Answer {
    return this.#answers.has(question) ? this.#answers.get(question) : failure;
  }

  #isStale(question: EnforceRequest): boolean {
    const answer = this.#answers.get(question);
    return answer !== undefined && !(answer instanceof ControlZeroError) && stalenessOf(answer) !== undefined;
  }
}

function stalenessOfResult({ result }: EnforceBatchResult): Staleness | undefined {
  return result.case === 'response' ? stalenessOf(result.value) : undefined;
}
