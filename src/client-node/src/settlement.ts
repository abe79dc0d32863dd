import { create } from '@bufbuild/protobuf';

import { checkText } from './context.js';
import { invalidArgument } from './errors.js';
import type { FieldViolation } from './errors.js';
import { CancelRequestSchema, EstimateSchema, SettleRequestSchema, UsageSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type {
  CancelRequest as CancelRequestMessage, CancelResponse, Estimate as EstimateMessage, SettleRequest as SettleRequestMessage, SettleResponse,
} from './gen/controlzero/v1/enforcement_pb.js';
import { fromLimit } from './limits.js';
import type { LimitUsage } from './limits.js';

/** The largest figure of an estimate or a usage. */
const mostUnits = 1_000_000_000_000;

/** What a call is expected to use: limits of tokens and money hold it until the call is settled. */
export interface Estimate {
  /** Tokens of the prompt. */
  readonly inputTokens?: number | undefined;
  /** The most tokens the answer may have. */
  readonly maxOutputTokens?: number | undefined;
  /** Price of the call, in nano-USD. Default: computed from the tokens and the cluster's price table. */
  readonly costNanosUsd?: number | undefined;
}

/** What a call really used. A figure that is left out is not known, and its charge stays as it was reserved; zero is a figure. */
export interface Usage {
  /** Tokens of the prompt, cached ones included. */
  readonly inputTokens?: number | undefined;
  /** Tokens of the answer, reasoning included. */
  readonly outputTokens?: number | undefined;
  /** Of `inputTokens`, those the provider read from its cache. */
  readonly cachedInputTokens?: number | undefined;
  /** Of `inputTokens`, those the provider wrote to its cache. */
  readonly cacheWriteTokens?: number | undefined;
  /** Of `outputTokens`, those of reasoning. */
  readonly reasoningTokens?: number | undefined;
  /** What the provider billed, in nano-USD. Default: computed from the tokens and the cluster's price table. */
  readonly costNanosUsd?: number | undefined;
}

/** Which call has ended, and what it used. */
export interface SettleRequest {
  /** `reservation.token` of the decision. */
  readonly token: string;
  /** The agent the reservation is for. Default: as in `enforce`. */
  readonly agentId?: string | undefined;
  /** What was used. Default: it is not known; the reservation ends at its charge. */
  readonly usage?: Usage | undefined;
  /** The model that answered, as `model/<model>`. Default: the one that was asked for. */
  readonly responseModel?: string | undefined;
}

/** Which call was not made. */
export type CancelRequest = Pick<SettleRequest, 'token' | 'agentId'>;

/** A reservation has ended. */
export interface SettleOutcome {
  /** The reservation had expired before: the use was recorded all the same. */
  readonly late: boolean;
  /** It had been settled or cancelled in the same way before: nothing was charged or given back again. */
  readonly replayed: boolean;
  /** More was used than reserved. Never after `cancel`. */
  readonly overrun: boolean;
  /** The answer came from a model that was not authorised. Never after `cancel`. */
  readonly modelDrift: boolean;
  /** The limits the reservation was charged to, as they are now. */
  readonly limits: readonly LimitUsage[];
}

/** An estimate as it is sent; notes what is wrong with it. */
export function toEstimate(estimate: Estimate, violations: FieldViolation[]): EstimateMessage {
  return create(EstimateSchema, figures('estimate', estimate, ['inputTokens', 'maxOutputTokens', 'costNanosUsd'], violations));
}

/** The message that settles; throws one error with everything that cannot be sent. */
export function toSettle({ token, usage, responseModel }: SettleRequest, agentId: string): SettleRequestMessage {
  const violations = checked({ token, responseModel: responseModel ?? '' });
  const used = usage && figures('usage', usage,
    ['inputTokens', 'outputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'reasoningTokens', 'costNanosUsd'], violations);
  refuse(violations);
  return create(SettleRequestSchema, { token, agentId, responseModel: responseModel ?? '', ...(used && { usage: create(UsageSchema, used) }) });
}

/** The message that cancels. */
export function toCancel({ token }: CancelRequest, agentId: string): CancelRequestMessage {
  refuse(checked({ token }));
  return create(CancelRequestSchema, { token, agentId });
}

/** What came of it. */
export function fromSettle(answer: SettleResponse | CancelResponse): SettleOutcome {
  const { overrun = false, modelDrift = false } = answer as Partial<SettleResponse>;
  return { late: answer.late, replayed: answer.replayed, overrun, modelDrift, limits: answer.limits.map(fromLimit) };
}

function checked(texts: Record<string, unknown>): FieldViolation[] {
  const violations: FieldViolation[] = [];
  for (const [field, value] of Object.entries(texts)) {
    if (typeof value !== 'string') {
      violations.push({ field, description: `\`${field}\` is \`${String(value)}\`; it takes a string` });
    } else {
      checkText(value, field, violations);
    }
  }
  if (texts['token'] === '') {
    violations.push({ field: 'token', description: '`token` is empty; pass `reservation.token` of the decision' });
  }
  return violations;
}

function figures<T extends string>(path: string, given: Partial<Record<T, unknown>>, names: readonly T[], violations: FieldViolation[]): Partial<Record<T, bigint>> {
  const read: Partial<Record<T, bigint>> = {};
  for (const name of names) {
    const value = given[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostUnits) {
      read[name] = BigInt(value);
    } else if (value !== undefined) {
      const description = `\`${path}.${name}\` is \`${String(value)}\`; it takes a whole number from 0 to ${mostUnits}, or is left out where it is not known`;
      violations.push({ field: `${path}.${name}`, description });
    }
  }
  return read;
}

function refuse(violations: FieldViolation[]): void {
  if (violations.length > 0) {
    throw invalidArgument('INVALID_REQUEST', violations);
  }
}
