import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethod, Message, MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, Server, ServerCredentials, ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { ServerErrorResponse, ServerInterceptor, ServerDuplexStream, ServiceDefinition, handleUnaryCall } from '@grpc/grpc-js';

import { ClusterService, GetStatusResponseSchema } from '../gen/controlzero/v1/cluster_pb.js';
import { AgentService, GetUsageResponseSchema } from '../gen/controlzero/v1/agent_pb.js';
import type { GetUsageRequest } from '../gen/controlzero/v1/agent_pb.js';
import {
  CancelResponseSchema, Decision, EnforceBatchResponseSchema, EnforceResponseSchema, EnforceStreamResponseSchema, EnforcementService, GetAccessResponseSchema, SettleResponseSchema,
} from '../gen/controlzero/v1/enforcement_pb.js';
import type { CancelRequest, EnforceBatchRequest, EnforceRequest, EnforceStreamRequest, EnforceStreamResponse, GetAccessRequest, SettleRequest } from '../gen/controlzero/v1/enforcement_pb.js';
import { BadRequestSchema, ErrorInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import { ControlZero } from '../control-zero.js';
import type { ControlZeroOptions } from '../options.js';

export type Answer = Exclude<MessageInitShape<typeof EnforceResponseSchema>, Message>;

export type BatchAnswer = Exclude<MessageInitShape<typeof EnforceBatchResponseSchema>, Message>;

export type StreamAnswer = NonNullable<Exclude<MessageInitShape<typeof EnforceStreamResponseSchema>, Message>['result']>;

export const apiKey = 'cz_test_fakefakefake_secretsecretsecret';

for (const name of ['CONTROLZERO_URL', 'CONTROLZERO_API_KEY', 'CONTROLZERO_AGENT_ID']) {
  delete process.env[name]; // tests begin with an empty environment
}

/** A gRPC server that plays the cluster, on a free port. What it answers is the test's choice, else the README's policy. */
export class FakeCluster {
  readonly requests: EnforceRequest[] = [];
  readonly batches: EnforceBatchRequest[] = [];
  readonly settled: SettleRequest[] = [];
  readonly cancels: CancelRequest[] = [];
  readonly streamed: EnforceStreamRequest[] = [];
  /** The streams that were opened. Pause one, and nothing more is taken from it. */
  readonly streams: ServerDuplexStream<EnforceStreamRequest, EnforceStreamResponse>[] = [];
  readonly authorizations: string[] = [];
  readonly peers = new Set<string>();
  readonly server = new Server({ interceptors: [this.#authenticate()] });
  statusCalls = 0;
  boundAgents: string[] = [];
  enforce: (request: EnforceRequest, attempt: number) => Answer | Promise<Answer> = openRouterPolicy;
  enforceBatch: (request: EnforceBatchRequest, attempt: number) => BatchAnswer | Promise<BatchAnswer> = openRouterBatch;
  /** Answers a message of a stream. One that rejects ends the stream. */
  stream: (request: EnforceStreamRequest) => StreamAnswer | Promise<StreamAnswer> = openRouterStream;
  /** Told of every stream before anything is taken from it. */
  opened: (stream: ServerDuplexStream<EnforceStreamRequest, EnforceStreamResponse>) => void = () => undefined;
  settle: (request: SettleRequest, attempt: number) => Exclude<MessageInitShape<typeof SettleResponseSchema>, Message> = () => ({});
  access: (request: GetAccessRequest) => Exclude<MessageInitShape<typeof GetAccessResponseSchema>, Message> = () => ({});
  usage: Exclude<MessageInitShape<typeof GetUsageResponseSchema>, Message> = {};
  /** The owner the answers to `enforce` name in their headers, `host:port`. */
  owner: string | undefined;
  status: () => void = () => undefined;
  cancelled: () => void = () => undefined;
  url = '';

  async start(): Promise<this> {
    this.server.addService(definition('controlzero.v1.EnforcementService', EnforcementService.method.enforce), {
      enforce: this.#handler(async (request: EnforceRequest) => {
        this.requests.push(request);
        return create(EnforceResponseSchema, await this.enforce(request, this.requests.length));
      }),
    });
    this.server.addService(definition('controlzero.v1.EnforcementService', EnforcementService.method.enforceBatch), {
      enforceBatch: this.#handler(async (request: EnforceBatchRequest) => {
        this.batches.push(request);
        return create(EnforceBatchResponseSchema, await this.enforceBatch(request, this.batches.length));
      }),
    });
    this.server.addService(definition('controlzero.v1.EnforcementService', EnforcementService.method.enforceStream), {
      enforceStream: (call: ServerDuplexStream<EnforceStreamRequest, EnforceStreamResponse>) => this.#answerStream(call),
    });
    const { settle, cancel, getAccess } = EnforcementService.method;
    this.server.addService(definition('controlzero.v1.EnforcementService', settle), {
      settle: this.#handler(async (request: SettleRequest) => {
        this.settled.push(request);
        return create(SettleResponseSchema, await this.settle(request, this.settled.length));
      }),
    });
    this.server.addService(definition('controlzero.v1.EnforcementService', cancel), {
      cancel: this.#handler(async (request: CancelRequest) => {
        this.cancels.push(request);
        return create(CancelResponseSchema, {});
      }),
    });
    this.server.addService(definition('controlzero.v1.EnforcementService', getAccess), {
      getAccess: this.#handler(async (request: GetAccessRequest) => create(GetAccessResponseSchema, this.access(request))),
    });
    this.server.addService(definition('controlzero.v1.AgentService', AgentService.method.getUsage), {
      getUsage: this.#handler(async ({ agentId }: GetUsageRequest) => create(GetUsageResponseSchema, { agentId, ...this.usage })),
    });
    this.server.addService(definition('controlzero.v1.ClusterService', ClusterService.method.getStatus), {
      getStatus: this.#handler(async () => {
        this.statusCalls++;
        this.status();
        return create(GetStatusResponseSchema, { version: '0.1.0', caller: { tenantId: 'default', agents: this.boundAgents } });
      }),
    });
    const bound = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) => (error ? reject(error) : resolve(at)));
    });
    this.url = `http://127.0.0.1:${bound}`;
    return this;
  }

  /** A client of it, with time enough for a slow machine. */
  client(options: ControlZeroOptions = {}): ControlZero {
    return new ControlZero({ url: this.url, apiKey, agentId: 'support-bot', timeoutMs: 60_000, ...options });
  }

  stop(): void {
    this.server.forceShutdown();
  }

  #handler<T>(answer: (request: T) => Promise<unknown>): handleUnaryCall<T, unknown> {
    return (call, callback) => {
      this.peers.add(call.getPeer());
      call.on('cancelled', () => this.cancelled());
      if (this.owner !== undefined) {
        const headers = new Metadata();
        headers.set('controlzero-owner', this.owner);
        call.sendMetadata(headers);
      }
      answer(call.request).then((value) => callback(null, value), (error: ServerErrorResponse) => callback(error));
    };
  }

  #answerStream(call: ServerDuplexStream<EnforceStreamRequest, EnforceStreamResponse>): void {
    const answers: Promise<void>[] = [];
    this.streams.push(call);
    call.on('error', () => undefined);
    call.on('data', (request: EnforceStreamRequest) => {
      this.streamed.push(request);
      answers.push((async () => this.stream(request))().then(
        (result) => void call.write(create(EnforceStreamResponseSchema, { correlationId: request.correlationId, result })),
        (error: unknown) => void call.emit('error', error),
      ));
    });
    call.on('end', () => void Promise.all(answers).then(() => call.end()));
    this.opened(call);
  }

  #authenticate(): ServerInterceptor {
    return (_, call) => new ServerInterceptingCall(call, {
      start: (next) => next({
        onReceiveMetadata: (metadata, nextMetadata) => {
          const authorization = String(metadata.get('authorization')[0] ?? '');
          this.authorizations.push(authorization);
          if (authorization === `Bearer ${apiKey}`) {
            nextMetadata(metadata);
          } else {
            call.sendStatus(failure(status.UNAUTHENTICATED, 'no valid API key', { reason: 'INVALID_CREDENTIALS' }));
          }
        },
      }),
    });
  }
}

/** The README's policy, as the server answers it: of several resources for the first that is denied, else for the first. */
export function openRouterPolicy({ resource, candidateResources, requestId, dryRun }: EnforceRequest): Answer {
  const [first = '', ...others] = [resource, ...candidateResources].filter((asked) => asked !== '');
  const decided = [first, ...others].map((asked) => ({ ...openRouterRule(asked), requestId, dryRun }));
  const denied = decided.findIndex(({ decision }) => decision === Decision.DENY);
  return {
    ...(decided[denied] ?? decided[0]),
    ...(candidateResources.length > 0 && denied >= 0 && { deniedResource: [first, ...others][denied] ?? '' }),
  };
}

/** What a server denies with that cannot confirm what is in force. */
export function staleDeny({ requestId }: EnforceRequest): Answer {
  return {
    decision: Decision.DENY, effect: 'deny', reasonCode: 'POLICY_STALE', reason: 'this server could not confirm in time what is in force', requestId,
    ruleId: 'synthetic:POLICY_STALE', policyEpoch: 6n, retryAfter: { seconds: 1n, nanos: 0 }, decisionId: '01JF8Q6Z5N3V7XW2K4M9T0RHCE',
  };
}

/** What the policy says of each request of a batch. */
export function openRouterBatch({ requests }: EnforceBatchRequest): BatchAnswer {
  return { results: requests.map((request) => ({ result: { case: 'response', value: openRouterPolicy(request) } })) };
}

/** What the policy says of a message of a stream. */
export function openRouterStream({ message }: EnforceStreamRequest): StreamAnswer {
  switch (message.case) {
    case 'settle':
      return { case: 'settled', value: { overrun: true } };
    case 'cancel':
      return { case: 'cancelled', value: { late: true } };
    case 'enforce':
      return { case: 'response', value: openRouterPolicy(message.value) };
    default:
      return { case: 'error', value: statusOf(3, 'there is no message') };
  }
}

/** A failed item of a batch: what {@link failure} says of a call. */
export function itemFailure(...parts: Parameters<typeof failure>): NonNullable<BatchAnswer['results']>[number] {
  return { result: { case: 'error', value: statusOf(...parts) } };
}

function openRouterRule(resource: string): Answer {
  const allowed = ['model/anthropic/claude-sonnet-4-20250514', 'model/openai/gpt-4', 'model/meta-llama/llama-3-70b-instruct'];
  const index = [...allowed, 'model/anthropic/claude-opus-4-20250514'].indexOf(resource);
  const ruleIndex = index < 0 ? 4 : index;
  const allow = ruleIndex < allowed.length;
  return {
    decision: allow ? Decision.ALLOW : Decision.DENY,
    effect: allow ? 'allow' : 'deny',
    reasonCode: 'RULE_MATCH',
    reason: `${allow ? 'allowed' : 'denied'} by rule \`rule-${ruleIndex}\` of policy \`openrouter-model-policy\``,
    policy: 'openrouter-model-policy',
    policyVersion: 1n,
    policyEpoch: 7n,
    ruleId: `rule-${ruleIndex}`,
    ruleIndex,
    evaluatedRules: ruleIndex + 1,
    decisionId: '01JF8Q6Z5N3V7XW2K4M9T0RHCD',
  };
}

/** A failed call with `google.rpc` details, to be thrown by a handler. */
export function failure(
  code: number,
  message: string,
  info?: MessageInitShape<typeof ErrorInfoSchema>,
  violations: { field: string; description: string }[] = [],
) {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, statusOf(code, message, info, violations))));
  return { code, details: message, metadata };
}

export function statusOf(
  code: number,
  message: string,
  info?: MessageInitShape<typeof ErrorInfoSchema>,
  violations: { field: string; description: string }[] = [],
) {
  const details = [
    ...(info ? [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, info))] : []),
    ...(violations.length > 0 ? [anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: violations }))] : []),
    create(AnySchema, { typeUrl: 'type.googleapis.com/unknown.Detail' }),
  ];
  return create(StatusSchema, { code, message, details });
}

function definition(service: string, method: DescMethod): ServiceDefinition {
  return {
    [method.localName]: {
      path: `/${service}/${method.name}`,
      requestStream: method.methodKind === 'bidi_streaming',
      responseStream: method.methodKind === 'bidi_streaming',
      requestSerialize: (message) => Buffer.from(toBinary(method.input, message)),
      requestDeserialize: (bytes) => fromBinary(method.input, bytes),
      responseSerialize: (message) => Buffer.from(toBinary(method.output, message)),
      responseDeserialize: (bytes) => fromBinary(method.output, bytes),
    },
  };
}
