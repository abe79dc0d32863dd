import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';

import type { GetUsageResponse } from './gen/controlzero/v1/agent_pb.js';
import { Decision as DecisionValue, GetAccessRequestSchema } from './gen/controlzero/v1/enforcement_pb.js';
import type { GetAccessRequest as GetAccessRequestMessage, GetAccessResponse } from './gen/controlzero/v1/enforcement_pb.js';
import { fromLimit } from './limits.js';
import type { LimitUsage } from './limits.js';

/** Whose access to show, and to what. */
export interface AccessRequest {
  /** The agent. Default: as in `enforce`. */
  readonly agentId?: string | undefined;
  /** The action. Default: `llm.generate`. */
  readonly action?: string | undefined;
  /** The resources, at most 1,000. Default: the models of the price table, and those the agent's policies name. */
  readonly resources?: readonly string[] | undefined;
  /** Only those that are allowed now. Default: false. */
  readonly allowedOnly?: boolean | undefined;
  /** Most entries of one answer, 1 to 1,000. Default: 100. */
  readonly pageSize?: number | undefined;
  /** `nextPageToken` of the answer before. Default: from the beginning. */
  readonly pageToken?: string | undefined;
}

/** What an agent may use now. */
export interface Access {
  /** One entry a resource. */
  readonly resources: readonly ResourceAccess[];
  /** Every limit that applies to any of them, once. */
  readonly limits: readonly LimitUsage[];
  /** Where to go on. Absent: this was all. */
  readonly nextPageToken?: string;
  /** The tenant's policy epoch, a decimal of up to 64 bits. */
  readonly policyEpoch: string;
}

/** One resource and whether it may be used. */
export interface ResourceAccess {
  /** The resource. */
  readonly resource: string;
  /** Whether a call without an estimate would be allowed now. */
  readonly allowed: boolean;
  /** Why, in a word. */
  readonly reasonCode: string;
  /** The policy whose rule decides. Empty: none does. */
  readonly policy: string;
  /** The rule that decides. */
  readonly ruleId: string;
  /** The limits that apply to it. */
  readonly limits: readonly LimitUsage[];
  /** Of those, the one with the least share left. Absent: no limit applies. */
  readonly tightestLimit?: LimitUsage;
}

/** What an agent has been answered so far, and its limits. */
export interface UsageReport {
  /** The agent. */
  readonly agentId: string;
  /** Decisions that allowed. */
  readonly allowed: number;
  /** Decisions that denied. */
  readonly denied: number;
  /** When it was last asked about, in ISO 8601 UTC. Absent: never. */
  readonly lastDecisionAt?: string;
  /** Every limit that applies to the agent, and what is left of it. */
  readonly limits: readonly LimitUsage[];
}

/** The message that asks for access. What is wrong with it the server says. */
export function toAccess({ action, resources, allowedOnly, pageSize, pageToken }: AccessRequest, agentId: string): GetAccessRequestMessage {
  return create(GetAccessRequestSchema, {
    agentId, action: action ?? '', resources: [...(resources ?? [])], allowedOnly: allowedOnly ?? false, pageSize: pageSize ?? 0, pageToken: pageToken ?? '',
  });
}

/** Access as programs see it: each resource holds its limits itself. */
export function fromAccess(answer: GetAccessResponse): Access {
  const limits = answer.limits.map(fromLimit);
  const resources = answer.resources.map(({ resource, decision, reasonCode, policy, ruleId, limits: applying, tightestLimit }): ResourceAccess => {
    const tightest = tightestLimit === undefined ? undefined : limits[tightestLimit];
    return {
      resource, allowed: decision === DecisionValue.ALLOW, reasonCode, policy, ruleId,
      limits: applying.flatMap((index) => limits[index] ?? []), ...(tightest && { tightestLimit: tightest }),
    };
  });
  return { resources, limits, ...(answer.nextPageToken !== '' && { nextPageToken: answer.nextPageToken }), policyEpoch: answer.policyEpoch.toString() };
}

/** Usage as programs see it. */
export function fromUsage({ agentId, allowed, denied, lastDecisionAt, limits }: GetUsageResponse): UsageReport {
  const last = lastDecisionAt && { lastDecisionAt: timestampDate(lastDecisionAt).toISOString() };
  return { agentId, allowed: Number(allowed), denied: Number(denied), ...last, limits: limits.map(fromLimit) };
}
