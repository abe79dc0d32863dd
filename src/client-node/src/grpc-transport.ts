import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, DescMethod, DescMethodBiDiStreaming, DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import { Client, Metadata, connectivityState, credentials, status } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';

import { ControlZeroError, errorCodes } from './errors.js';
import { readStatusDetails } from './status-details.js';
import type { TlsMaterial } from './tls.js';
import type { DuplexCall, Transport, UnaryOptions } from './transport.js';
import { version } from './version.js';

/** Where the cluster is and who asks. */
export interface GrpcTransportOptions {
  /** `http://host:port` (HTTP/2 without TLS) or `https://host:port`. */
  readonly url: URL;
  /** The API key; sent as `authorization: Bearer KEY`, never logged. */
  readonly apiKey: string;
  /** What handshakes are made with: PEM in buffers. Not given: Node's roots and no certificate of the client's. */
  readonly tls?: TlsMaterial;
  /**
   * How long a call waits for a connection before it is `UNAVAILABLE`, in milliseconds.
   * @defaultValue as long as the call may take
   */
  readonly connectTimeoutMs?: number | undefined;
}

/** gRPC over one HTTP/2 connection, opened at the first call, kept alive, and opened again when it breaks. */
export class GrpcTransport implements Transport {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #origin: string;
  readonly #connectTimeoutMs: number | undefined;

  constructor({ url, apiKey, tls, connectTimeoutMs }: GrpcTransportOptions) {
    this.#origin = url.origin;
    this.#connectTimeoutMs = connectTimeoutMs;
    const secure = url.protocol === 'https:';
    const target = `dns:${url.hostname}:${url.port || (secure ? '443' : '80')}`;
    this.#metadata.set('authorization', `Bearer ${apiKey}`);
    this.#client = new Client(target, secure ? credentials.createSsl(tls?.ca, tls?.key, tls?.cert) : credentials.createInsecure(), channelOptions(url));
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { timeoutMs, signal, onHeaders }: UnaryOptions,
  ): Promise<MessageShape<O>> {
    const deadline = Date.now() + timeoutMs;
    await this.#connected();
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        pathOf(method),
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        request,
        this.#metadata,
        { deadline },
        (error, answer) => {
          signal.removeEventListener('abort', cancel);
          if (error !== null) {
            reject(fromServiceError(error));
          } else if (answer === undefined) {
            reject(new ControlZeroError('INTERNAL', 'the call ended without an answer'));
          } else {
            resolve(answer);
          }
        },
      );
      call.on('metadata', (headers) => onHeaders?.((name) => headers.get(name)[0]?.toString()));
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) {
        cancel();
      }
    });
  }

  async duplex<I extends DescMessage, O extends DescMessage>(method: DescMethodBiDiStreaming<I, O>): Promise<DuplexCall<I, O>> {
    await this.#connected();
    const call = this.#client.makeBidiStreamRequest(
      pathOf(method),
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      this.#metadata,
    );
    call.on('error', () => undefined); // told to whoever reads the answers
    return {
      answers: answersOf(call),
      write: (message) => room(call, call.write(message)),
      end: () => void call.end(),
      cancel: () => call.cancel(),
    };
  }

  async #connected(): Promise<void> {
    if (this.#connectTimeoutMs !== undefined) {
      await this.#connection(Date.now() + this.#connectTimeoutMs);
    }
  }

  /** Waits while a connection is being opened. One that cannot be opened is left to the call: it fails at once. */
  #connection(deadline: number): Promise<void> {
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    if (state !== connectivityState.IDLE && state !== connectivityState.CONNECTING) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      channel.watchConnectivityState(state, deadline, (error) => {
        if (error === undefined) {
          resolve(this.#connection(deadline));
        } else {
          reject(new ControlZeroError('UNAVAILABLE', `no connection to \`${this.#origin}\` within ${this.#connectTimeoutMs} ms`, { cause: error }));
        }
      });
    });
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

async function* answersOf<I, O>(call: ClientDuplexStream<I, O>): AsyncGenerator<O, void> {
  try {
    for await (const answer of call) {
      yield answer as O;
    }
  } catch (error) {
    throw fromServiceError(error as ServiceError);
  }
}

/** Waits for room when there is none, or until the call is over. */
function room<I, O>(call: ClientDuplexStream<I, O>, isThere: boolean): Promise<void> {
  return isThere || call.destroyed ? Promise.resolve() : new Promise((resolve) => {
    const end = (): void => {
      call.off('drain', end).off('status', end).off('close', end);
      resolve();
    };
    call.on('drain', end).on('status', end).on('close', end);
  });
}

/** The client retries by itself, with its own bounds, and finds a restarted server within the pauses it makes. */
function channelOptions(url: URL): Record<string, string | number> {
  return {
    'grpc.primary_user_agent': `controlzero-node/${version}`,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1, // close() then really closes, and two clients share nothing
    ...(isLoopback(url.hostname) && { 'grpc.enable_http_proxy': 0 }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * How grpc-js tells of a server whose certificate is not trusted: with the code of an outage. It is none. Whoever answers there may be anybody, and
 * `onUnavailable: 'allow'` must not become a way around the policies for whoever can bend a name or a route.
 */
const notTrusted = /^No connection established\. Last error: .*(?:certificate|altnames|self[- ]signed|CERT_)/i;

function fromServiceError(error: ServiceError): ControlZeroError {
  const bytes = error.metadata?.get('grpc-status-details-bin')[0];
  if (bytes === undefined && error.code === status.UNAVAILABLE && notTrusted.test(error.details)) {
    return new ControlZeroError('INTERNAL', `the server's certificate is not trusted: ${error.details}`, { reason: 'SERVER_NOT_TRUSTED', cause: error });
  }
  const { message, ...details } = readStatusDetails(typeof bytes === 'string' ? undefined : bytes);
  return new ControlZeroError(errorCodes[error.code] ?? 'UNKNOWN', message ?? (error.details || error.message), { ...details, cause: error });
}
