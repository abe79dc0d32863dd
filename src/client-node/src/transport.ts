import type { DescMessage, DescMethodBiDiStreaming, DescMethodUnary, MessageShape } from '@bufbuild/protobuf';

/** How one attempt of a call is to be made. */
export interface UnaryOptions {
  /** Time the attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the attempt: the caller gave up, or the time of the whole call is over. */
  readonly signal: AbortSignal;
  /**
   * To be called with a reader of the response headers when they arrive; it takes a name in lower case. The client finds in them which
   * address owns the agent. Default: nobody wants them.
   */
  readonly onHeaders?: ((header: (name: string) => string | undefined) => void) | undefined;
}

/** A call in which both sides send any number of messages. */
export interface DuplexCall<I extends DescMessage, O extends DescMessage> {
  /** What the server sends. Throws a `ControlZeroError` when the call fails. To be read once, at once and to its end. */
  readonly answers: AsyncIterable<MessageShape<O>>;

  /** Sends a message. Resolves when there is room for another, or when the call is over. */
  write(message: MessageShape<I>): Promise<void>;

  /** Sends nothing more; the server still answers. Idempotent. */
  end(): void;

  /** Ends the call at once. Idempotent. */
  cancel(): void;
}

/**
 * Carries messages to a cluster and answers back. It makes one attempt and knows nothing of decisions or retries;
 * it adds the API key. Wrap one to instrument calls, or write one to go over another protocol.
 */
export interface Transport {
  /** Makes one attempt. Rejects with a `ControlZeroError`; any other error counts as `UNKNOWN`. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: UnaryOptions,
  ): Promise<MessageShape<O>>;

  /** Opens a call that goes both ways and stays open. Default: there are none, and `openStream` is refused. */
  duplex?<I extends DescMessage, O extends DescMessage>(method: DescMethodBiDiStreaming<I, O>): Promise<DuplexCall<I, O>>;

  /** Gives up the connection. Idempotent. */
  close(): Promise<void>;
}
