import { create } from '@bufbuild/protobuf';
import { randomUUID } from 'node:crypto';

import { checkText, toJson } from './context.js';
import type { Context } from './context.js';
import { invalidArgument } from './errors.js';
import type { FieldViolation } from './errors.js';
import { EnforceRequestSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceRequest as EnforceRequestMessage } from './gen/controlzero/v1/enforcement_pb.js';
import { toEstimate } from './settlement.js';
import type { Estimate } from './settlement.js';

/** One question: may this agent do this now? */
export interface EnforceRequest {
  /** What the agent wants to do, for example `llm.generate`. */
  readonly action: string;
  /** What it wants to do it with, for example `model/openai/gpt-4`. Default: none. */
  readonly resource?: string | undefined;
  /**
   * Several resources of which each must be allowed, at most 64; `resource` is one more before them. One decision, counted once.
   * Default: none, and an empty list is none: `resource` alone decides.
   */
  readonly candidateResources?: readonly string[] | undefined;
  /** The agent that wants to act. Default: the client's. */
  readonly agentId?: string | undefined;
  /** Facts for conditions. Default: none. */
  readonly context?: Context | undefined;
  /** What the call is expected to use: limits of tokens and money hold it until the call is settled. Default: nothing is said. */
  readonly estimate?: Estimate | undefined;
  /** Id of the request, kept over all attempts, at most 255 bytes of printable ASCII. Default: a random UUID. */
  readonly requestId?: string | undefined;
  /** Decides without counting, charging or registering the agent: asks what would be, and permits nothing. Default: false. */
  readonly dryRun?: boolean | undefined;
  /**
   * The oldest policy epoch the decision may be made under: `policyEpoch` of an answer as it is, or the epoch of a publish or a suspension as a
   * `bigint` or a whole number, to be sure that it is seen, whichever server answers. An epoch the tenant never had is a `ControlZeroError`
   * (`FAILED_PRECONDITION`, `POLICY_EPOCH_NOT_REACHED`) whose `metadata` has `expected` and `current`; it is not asked again, here or elsewhere.
   * Default: any.
   */
  readonly minPolicyEpoch?: string | bigint | number | undefined;
}

/** How one call is made. */
export interface CallOptions {
  /** Ends the call: it rejects with `CANCELLED` and never allows. Default: only the deadline ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** The largest policy epoch: 64 bits. */
const lastEpoch = 2n ** 64n - 1n;

const textFields = ['action', 'resource', 'agentId', 'requestId'] as const;

/** The message to send, with a request id of its own; throws one error with everything that cannot be sent. */
export function toMessage(request: EnforceRequest, agentId: string): EnforceRequestMessage {
  const violations: FieldViolation[] = [];
  if (!request.action) {
    violations.push({ field: 'action', description: '`action` is missing; name what the agent wants to do, for example `llm.generate`' });
  }
  for (const field of textFields) {
    const value: unknown = request[field];
    if (typeof value === 'string') {
      checkText(value, field, violations);
    } else if (value !== undefined) {
      violations.push({ field, description: `\`${field}\` is \`${String(value)}\`; it takes a string` });
    }
  }
  checkCandidates(request.candidateResources, violations);
  if (request.dryRun !== undefined && typeof request.dryRun !== 'boolean') {
    violations.push({ field: 'dryRun', description: `\`dryRun\` is \`${String(request.dryRun)}\`; it takes \`true\` or \`false\`` });
  }
  const context = request.context === undefined ? undefined : toJson(request.context, violations);
  const estimate = request.estimate && toEstimate(request.estimate, violations);
  const minPolicyEpoch = request.minPolicyEpoch === undefined ? 0n : toEpoch(request.minPolicyEpoch, violations);
  if (violations.length > 0) {
    throw invalidArgument('INVALID_REQUEST', violations);
  }
  return create(EnforceRequestSchema, {
    requestId: request.requestId || randomUUID(),
    agentId,
    action: request.action,
    resource: request.resource ?? '',
    candidateResources: [...(request.candidateResources ?? [])],
    dryRun: request.dryRun ?? false,
    minPolicyEpoch,
    ...(context && { context }),
    ...(estimate && { estimate }),
  });
}

function checkCandidates(candidates: unknown, violations: FieldViolation[]): void {
  if (candidates !== undefined && !Array.isArray(candidates)) {
    violations.push({ field: 'candidateResources', description: `\`candidateResources\` is \`${String(candidates)}\`; it takes a list of resources` });
    return;
  }
  for (const [index, candidate] of (candidates ?? []).entries()) {
    const field = `candidateResources[${index}]`;
    if (typeof candidate === 'string' && candidate !== '') {
      checkText(candidate, field, violations);
    } else {
      violations.push({ field, description: `\`${field}\` is \`${String(candidate)}\`; name a resource, or leave the entry out` });
    }
  }
}

/** An epoch in whichever form; a number that JavaScript may have rounded is none. */
function toEpoch(given: unknown, violations: FieldViolation[]): bigint {
  const isWhole = typeof given === 'bigint' || (typeof given === 'string' && /^[0-9]{1,20}$/.test(given)) || Number.isSafeInteger(given);
  const epoch = isWhole ? BigInt(given as string | bigint | number) : -1n;
  if (epoch < 0n || epoch > lastEpoch) {
    const remedy = 'it takes a whole number of up to 64 bits: a decimal string as `policyEpoch`, a bigint, or a number up to 2^53 - 1';
    violations.push({ field: 'minPolicyEpoch', description: `\`minPolicyEpoch\` is \`${String(given)}\`; ${remedy}` });
  }
  return epoch;
}
