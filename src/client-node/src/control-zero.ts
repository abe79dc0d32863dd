import { create } from '@bufbuild/protobuf';
import type { DescMessage, DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import { inspect } from 'node:util';

import { fromAccess, fromUsage, toAccess } from './access.js';
import type { Access, AccessRequest, UsageReport } from './access.js';
import { addressesOf } from './addresses.js';
import { Batch } from './batch.js';
import type { Answer, CheckOutcome } from './batch.js';
import { systemClock } from './clock.js';
import { fromResponse, honouring, withoutAnswer } from './decision.js';
import type { Decision } from './decision.js';
import { EnforceStream } from './enforce-stream.js';
import { ControlZeroError, PolicyDeniedError, invalidArgument } from './errors.js';
import { agentRequired, concernsAgent, denial, withRemedy } from './explanations.js';
import { AgentService, GetUsageRequestSchema } from './gen/controlzero/v1/agent_pb.js';
import { ClusterService, GetStatusRequestSchema } from './gen/controlzero/v1/cluster_pb.js';
import { Decision as DecisionValue, EnforcementService } from './gen/controlzero/v1/enforcement_pb.js';
import type { CancelResponse, EnforceRequest as EnforceRequestMessage, EnforceResponse, SettleResponse } from './gen/controlzero/v1/enforcement_pb.js';
import { resolveOptions } from './options.js';
import type { ControlZeroOptions } from './options.js';
import { toMessage } from './request.js';
import type { CallOptions, EnforceRequest } from './request.js';
import { callWithRetries } from './retry.js';
import type { Attempt, CallBounds } from './retry.js';
import type { Endpoint } from './routing/endpoint.js';
import { Endpoints, ownerHeader } from './routing/endpoints.js';
import type { Route } from './routing/route.js';
import { stalenessOf } from './routing/staleness.js';
import type { Staleness } from './routing/staleness.js';
import { fromSettle, toCancel, toSettle } from './settlement.js';
import type { CancelRequest, SettleOutcome, SettleRequest } from './settlement.js';
import { StreamExchange } from './stream-exchange.js';
import type { UnaryOptions } from './transport.js';

/** What was decided, and the error that stood in the way of an answer. */
interface Outcome {
  readonly decision: Decision;
  readonly cause?: ControlZeroError;
}

/** Sends one message within an attempt. */
type Unary = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  stalenessOf?: (answer: MessageShape<O>) => Staleness | undefined,
  onHeaders?: UnaryOptions['onHeaders'],
) => Promise<MessageShape<O>>;

/**
 * Asks a Control Zero Cluster whether agents may act. One instance for a program: it holds one connection an address and is
 * safe to share. Without a decision nothing is allowed, unless the option `onUnavailable` says otherwise.
 */
export class ControlZero {
  readonly #endpoints: Endpoints;
  readonly #address: string;
  readonly #agentId: string | undefined;
  readonly #bounds: CallBounds;
  readonly #onUnavailable: 'deny' | 'allow';
  readonly #obligations: ReadonlySet<string>;
  #boundAgents: readonly string[] | undefined;
  readonly #endings = new Set<Promise<SettleOutcome>>();
  readonly #streams = new Set<StreamExchange>();
  #closed = false;

  /**
   * Reads options and environment and connects to nothing yet.
   * @throws ControlZeroError `INVALID_ARGUMENT` with every option that is wrong
   */
  constructor(options: ControlZeroOptions = {}) {
    const { connection, agentId, timeoutMs, maxAttempts, onUnavailable, obligations } = resolveOptions(options, process.env);
    this.#bounds = { timeoutMs, maxAttempts };
    this.#endpoints = new Endpoints(addressesOf(connection, this.#bounds), systemClock);
    this.#address = 'transport' in connection ? 'the given transport' : `\`${connection.urls.map(({ origin }) => origin).join(', ')}\``;
    this.#agentId = agentId;
    this.#onUnavailable = onUnavailable;
    this.#obligations = obligations;
  }

  /**
   * Checks address and key with the server and learns which agent the key is bound to. Optional: calls work without it,
   * but then a wrong address or key shows only at the first of them.
   * @throws ControlZeroError that says what to do: `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `UNAUTHENTICATED` and others
   */
  async initialize(options: CallOptions = {}): Promise<void> {
    try {
      const status = await this.#attempts(this.#endpoints.inOrder(), (unary) => unary(ClusterService.method.getStatus, create(GetStatusRequestSchema)), options);
      this.#boundAgents = status.caller?.agents ?? [];
    } catch (error) {
      throw error instanceof ControlZeroError ? withRemedy(error, this.#address) : error;
    }
  }

  /**
   * Asks and goes on only when the agent may act.
   * @throws PolicyDeniedError when it may not, or when no decision arrived and `onUnavailable` is `deny`
   * @throws ControlZeroError when the call itself is wrong or refused
   */
  async enforce(request: EnforceRequest, options: CallOptions = {}): Promise<Decision> {
    return permitted(request, await this.#decide(request, options));
  }

  /**
   * Asks and returns the decision, a deny included.
   * @throws ControlZeroError when the call itself is wrong or refused; never because of a deny
   */
  async check(request: EnforceRequest, options: CallOptions = {}): Promise<Decision> {
    const { decision } = await this.#decide(request, options);
    return decision;
  }

  /**
   * Asks several questions in one call, at most 256, and returns what each came to, in their order. They are independent: one that
   * `check` would throw for has its error in its place, and the others are decided. `timeoutMs` is for all of them.
   * @throws ControlZeroError when the whole call is refused, for example `UNAUTHENTICATED`; never because of a deny
   */
  async checkBatch(requests: readonly EnforceRequest[], options: CallOptions = {}): Promise<CheckOutcome[]> {
    const questions = requests.map((request) => caught(() => this.#read(request)));
    const batch = new Batch(questions.flatMap((question) => question instanceof ControlZeroError ? [] : [question]));
    const route = this.#endpoints.routeFor(batch.firstAgent);
    const ask = (unary: Unary, signal: AbortSignal): Promise<undefined> =>
      batch.ask((message) => unary(EnforcementService.method.enforceBatch, message, (answer) => batch.stalenessOf(answer)), signal);
    const failure = await this.#attempts(route, ask, options).catch(asAnswer);
    if (failure !== undefined && !isUnavailable(failure)) {
      throw failure;
    }
    return questions.map((question) => {
      const outcome = question instanceof ControlZeroError ? question : caught(() => this.#conclude(batch.answerTo(question, failure), question));
      return outcome instanceof ControlZeroError ? { error: outcome } : { decision: outcome.decision };
    });
  }

  /**
   * Says what a call really used: the difference to what was reserved is given back or charged, once. It may be said again, and at any
   * address. A reservation that nobody settles ends at its charge.
   * @throws ControlZeroError `NOT_FOUND` when there is no such reservation, `ALREADY_EXISTS` when it was settled with other figures, and as `check`
   */
  async settle(request: SettleRequest, options: CallOptions = {}): Promise<SettleOutcome> {
    return this.#settle(request, options);
  }

  /** Gives back what was reserved for a call that was not made. Throws as `settle`. */
  async cancel(request: CancelRequest, options: CallOptions = {}): Promise<SettleOutcome> {
    return this.#cancel(request, options);
  }

  /**
   * Opens a stream to the first address that can be reached, for programs that ask a lot. It takes questions, settlements and cancellations. Close it when
   * it is not needed any more; `close` of the client does so too.
   * @throws ControlZeroError `FAILED_PRECONDITION` when the client is closed, or the given transport has no streams
   */
  openStream(): EnforceStream {
    this.#refuseWhenClosed();
    const endpoint = this.#endpoints.firstReachable();
    const { transport } = endpoint;
    if (transport.duplex === undefined) {
      const remedy = 'add `duplex` to the transport, or ask by single calls';
      throw new ControlZeroError('FAILED_PRECONDITION', `the given transport has no streams; ${remedy}`, { reason: 'TRANSPORT_WITHOUT_STREAMS' });
    }
    const exchange = new StreamExchange(transport.duplex.bind(transport), this.#bounds.timeoutMs);
    const stream = new EnforceStream({
      check: async (request, options) => (await this.#decide(request, options, { exchange, endpoint })).decision,
      enforce: async (request, options) => permitted(request, await this.#decide(request, options, { exchange, endpoint })),
      settle: (request, options) => this.#settle(request, options, exchange),
      cancel: (request, options) => this.#cancel(request, options, exchange),
    }, exchange);
    this.#streams.add(exchange);
    void exchange.over.then(() => this.#streams.delete(exchange));
    return stream;
  }

  /** What the agent may use now, and how much is left of each limit. Counts nothing. */
  async getAccess(request: AccessRequest = {}, options: CallOptions = {}): Promise<Access> {
    const message = toAccess(request, this.#agentOf(request));
    return fromAccess(await this.#attempts(this.#endpoints.routeFor(message.agentId), (unary) => unary(EnforcementService.method.getAccess, message), options));
  }

  /** What the agent has been answered so far, and its limits with what is left of them. */
  async getUsage(request: Pick<AccessRequest, 'agentId'> = {}, options: CallOptions = {}): Promise<UsageReport> {
    const message = create(GetUsageRequestSchema, { agentId: this.#agentOf(request) });
    return fromUsage(await this.#attempts(this.#endpoints.routeFor(message.agentId), (unary) => unary(AgentService.method.getUsage, message), options));
  }

  /**
   * Closes the streams, waits for what is being settled or cancelled, then gives up the connections. Idempotent; calls after it reject with
   * `FAILED_PRECONDITION`.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#streams].map((stream) => stream.close()));
    await Promise.allSettled(this.#endings);
    await this.#endpoints.close();
  }

  /** What `console.log` shows: where it asks and for whom, never the key. */
  [inspect.custom](): string {
    return `ControlZero { address: ${this.#address}, agentId: ${this.#agentId ?? '(of the call or the key)'} }`;
  }

  async #decide(request: EnforceRequest, options: CallOptions, over?: { readonly exchange: StreamExchange; readonly endpoint: Endpoint }): Promise<Outcome> {
    const message = this.#read(request);
    const route = this.#endpoints.routeFor(message.agentId);
    const ask = (unary: Unary): Promise<EnforceResponse> => {
      let owner: Endpoint | undefined;
      const onHeaders: UnaryOptions['onHeaders'] = (header) => void (owner = this.#endpoints.learn(message.agentId, header(ownerHeader)));
      return unary(EnforcementService.method.enforce, message, (response) => stalenessOf(response, owner), onHeaders);
    };
    const first = over && (async (_: number, signal: AbortSignal): Promise<EnforceResponse> => {
      const response = await over.exchange.ask({ case: 'enforce', value: message }, 'response', signal);
      const staleness = stalenessOf(response);
      if (staleness !== undefined) {
        route.noteStale(over.endpoint, staleness);
      }
      return response;
    });
    return this.#conclude(await this.#attempts(route, ask, options, first).catch(asAnswer), message);
  }

  async #settle(request: SettleRequest, options: CallOptions, exchange?: StreamExchange): Promise<SettleOutcome> {
    const message = toSettle(request, this.#agentOf(request));
    const first = exchange && ((_: number, signal: AbortSignal) => exchange.ask({ case: 'settle', value: message }, 'settled', signal));
    return this.#ending(message.agentId, (unary) => unary(EnforcementService.method.settle, message), options, first);
  }

  async #cancel(request: CancelRequest, options: CallOptions, exchange?: StreamExchange): Promise<SettleOutcome> {
    const message = toCancel(request, this.#agentOf(request));
    const first = exchange && ((_: number, signal: AbortSignal) => exchange.ask({ case: 'cancel', value: message }, 'cancelled', signal));
    return this.#ending(message.agentId, (unary) => unary(EnforcementService.method.cancel, message), options, first);
  }

  #read(request: EnforceRequest): EnforceRequestMessage {
    return toMessage(request, this.#agentOf(request));
  }

  /** What the program is told of what arrived for its question. Throws what is neither a decision nor an outage. */
  #conclude(answer: Answer, message: EnforceRequestMessage): Outcome {
    if (answer instanceof ControlZeroError) {
      if (!isUnavailable(answer)) {
        throw message.agentId === '' && concernsAgent(answer) ? agentRequired(answer) : answer;
      }
      const reason = `no decision arrived from ${this.#address} (${answer.code}: ${answer.message})`;
      return { decision: withoutAnswer(this.#onUnavailable === 'allow', reason, message), cause: answer };
    }
    if (answer?.decision !== DecisionValue.ALLOW && answer?.decision !== DecisionValue.DENY) {
      const reason = `the answer holds no decision this client knows (\`${answer?.decision ?? 'none'}\`)`;
      return { decision: withoutAnswer(false, reason, message) };
    }
    return { decision: this.#givingBack(honouring(fromResponse(answer, message.requestId), this.#obligations), message) };
  }

  /** An allow that becomes a deny here is not acted on: what it holds is given back in the background, else it expires at its charge. */
  #givingBack(decision: Decision, { agentId }: EnforceRequestMessage): Decision {
    if (decision.source === 'server' || decision.reservation === undefined) {
      return decision;
    }
    const { reservation: { token }, ...unused } = decision;
    this.cancel({ token, agentId: agentId || undefined }).catch(() => undefined);
    return unused;
  }

  /** The call's agent, else the client's, else the key's; empty when only the server can know the key's. */
  #agentOf({ agentId }: { readonly agentId?: string | undefined }): string {
    if (agentId === '') {
      const description = '`agentId` of the call is empty; leave it out (then the client\'s is used) or name an agent';
      throw invalidArgument('INVALID_REQUEST', [{ field: 'agentId', description }]);
    }
    const known = agentId ?? this.#agentId;
    if (known !== undefined || this.#boundAgents === undefined) {
      return known ?? '';
    }
    const [bound, ...others] = this.#boundAgents;
    if (bound === undefined || others.length > 0 || /[*?[]/.test(bound)) {
      throw agentRequired();
    }
    return bound;
  }

  async #ending<T extends SettleResponse | CancelResponse>(
    agentId: string, ask: (unary: Unary) => Promise<T>, options: CallOptions, first?: Attempt<T>,
  ): Promise<SettleOutcome> {
    const ending = this.#attempts(this.#endpoints.routeFor(agentId), ask, options, first).then(fromSettle);
    this.#endings.add(ending);
    return ending.finally(() => this.#endings.delete(ending));
  }

  /** Makes attempts of one call, each at the address its route names. */
  async #attempts<T>(
    route: Route, ask: (unary: Unary, signal: AbortSignal) => Promise<T>, { signal: caller }: CallOptions, first?: Attempt<T>,
  ): Promise<T> {
    this.#refuseWhenClosed();
    const attempt = (timeoutMs: number, signal: AbortSignal): Promise<T> => ask(
      (method, request, staleness, onHeaders) =>
        route.ask((transport) => transport.unary(method, request, { timeoutMs, signal, onHeaders }), signal, staleness), signal);
    const bounds = { ...this.#bounds, signal: caller, elsewhere: () => route.hasAnother, isStale: () => route.isStale };
    return callWithRetries(attempt, bounds, systemClock, first).finally(() => route.leave());
  }

  #refuseWhenClosed(): void {
    if (this.#closed) {
      throw new ControlZeroError('FAILED_PRECONDITION', 'the client is closed; make a new ControlZero', { reason: 'CLIENT_CLOSED' });
    }
  }
}

/** An error in place of an answer; anything else is a bug and stays thrown. */
function asAnswer(error: unknown): ControlZeroError {
  if (error instanceof ControlZeroError) {
    return error;
  }
  throw error;
}

/** The decision, an allow. */
function permitted(request: EnforceRequest, { decision, cause }: Outcome): Decision {
  if (!decision.allowed) {
    throw new PolicyDeniedError(denial(request, decision), decision, cause);
  }
  return decision;
}

function caught<T>(make: () => T): T | ControlZeroError {
  try {
    return make();
  } catch (error) {
    return asAnswer(error);
  }
}

function isUnavailable({ code }: ControlZeroError): boolean {
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
}
