import assert from 'node:assert/strict';
import { test } from 'node:test';

import { create } from '@bufbuild/protobuf';

import { EnforceRequestSchema, EnforceStreamResponseSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceStreamRequest, EnforceStreamResponse } from './gen/controlzero/v1/enforcement_pb.js';
import { StreamExchange } from './stream-exchange.js';
import type { DuplexCall, Transport } from './transport.js';

const question = { case: 'enforce', value: create(EnforceRequestSchema) } as const;
const never = new AbortController().signal;

/** A stream that takes a message when it is told to, and answers when it is told to. */
class SlowWire {
  readonly sent: EnforceStreamRequest[] = [];
  ended = 0;
  cancelled = false;
  fails = false;
  #takes: (() => void)[] = [];
  #answer: (answer: EnforceStreamResponse | undefined) => void = () => undefined;

  readonly duplex = (async () => ({
    answers: this.#answers(),
    write: (message: EnforceStreamRequest) => {
      if (this.fails) {
        return Promise.reject(new Error('broken'));
      }
      this.sent.push(message);
      return new Promise<void>((resolve) => this.#takes.push(resolve));
    },
    end: () => this.ended++,
    cancel: () => {
      this.cancelled = true;
      this.#answer(undefined);
    },
  } satisfies Record<keyof DuplexCall<never, never>, unknown>)) as unknown as NonNullable<Transport['duplex']>;

  /** There is room for one more. */
  async take(): Promise<void> {
    this.#takes.shift()?.();
    await settled();
  }

  /** Answers, or ends the stream. */
  async answer(correlationId?: bigint): Promise<void> {
    const result = { case: 'response', value: { reason: `${correlationId}` } } as const;
    this.#answer(correlationId === undefined ? undefined : create(EnforceStreamResponseSchema, { correlationId, result }));
    await settled();
  }

  async *#answers(): AsyncGenerator<EnforceStreamResponse> {
    for (;;) {
      const answer = await new Promise<EnforceStreamResponse | undefined>((resolve) => (this.#answer = resolve));
      if (answer === undefined) {
        return;
      }
      yield answer;
    }
  }
}

/** Whatever can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function open() {
  const wire = new SlowWire();
  const exchange = new StreamExchange(wire.duplex, 60_000);
  await settled();
  return { wire, exchange, numbers: () => wire.sent.map(({ correlationId }) => Number(correlationId)) };
}

test('Ask_NoRoom_WaitsItsTurnAndIsNotSentWhenItsCallerGoes', async () => {
  const { wire, exchange, numbers } = await open();
  const gone = new AbortController();
  const first = exchange.ask(question, 'response', never);
  const second = exchange.ask(question, 'response', gone.signal);
  const third = exchange.ask(question, 'response', never);

  gone.abort(new Error('left'));
  await assert.rejects(second, { message: 'left' });
  assert.deepEqual(numbers(), [1]);
  await wire.take();
  assert.deepEqual(numbers(), [1, 3]);
  await wire.answer(3n);
  await wire.answer(1n);

  assert.deepEqual([(await first).reason, (await third).reason], ['1', '3']);
});

test('Ask_AnswerOfNobody_IsPassedOver', async () => {
  const { wire, exchange } = await open();
  const asked = exchange.ask(question, 'response', never);

  await wire.answer(7n);
  await wire.answer(1n);

  assert.equal((await asked).reason, '1');
});

test('Ask_StreamEnds_IsUnavailableAlsoWhatWasNotSent', async () => {
  const { wire, exchange, numbers } = await open();
  const asked = [exchange.ask(question, 'response', never), exchange.ask(question, 'response', never)];
  const ends = Promise.all(asked.map((each) => assert.rejects(each, { code: 'UNAVAILABLE' })));

  await wire.answer(undefined);
  await ends;

  await assert.rejects(exchange.ask(question, 'response', never), { code: 'UNAVAILABLE' });
  await wire.take();
  assert.deepEqual([numbers(), exchange.isOver], [[1], true]);
});

test('Ask_CannotBeWritten_IsUnavailable', async () => {
  const { wire, exchange } = await open();
  wire.fails = true;

  await assert.rejects(exchange.ask(question, 'response', never), { code: 'UNAVAILABLE' });

  assert.deepEqual([wire.cancelled, exchange.isOver], [true, true]);
});

test('Ask_StreamThatCannotBeOpened_IsUnavailable', async () => {
  const exchange = new StreamExchange(() => Promise.reject(new Error('no')), 60_000);

  await assert.rejects(exchange.ask(question, 'response', never), { code: 'UNAVAILABLE' });
});

test('Close_WithMessagesThatWait_SendsThemBeforeTheEnd', async () => {
  const { wire, exchange, numbers } = await open();
  const asked = [exchange.ask(question, 'response', never), exchange.ask(question, 'response', never)];

  const closing = exchange.close();
  assert.equal(wire.ended, 0);
  await wire.take();
  assert.deepEqual([numbers(), wire.ended], [[1, 2], 0]);
  await wire.take();
  assert.equal(wire.ended, 1);
  await wire.answer(2n);
  await wire.answer(1n);
  await wire.answer(undefined);
  await closing;

  assert.deepEqual((await Promise.all(asked)).map(({ reason }) => reason), ['1', '2']);
});
