import type { JsonObject } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Duration } from '@bufbuild/protobuf/wkt';

import { Decision as DecisionValue } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceRequest, EnforceResponse, LimitState } from './gen/controlzero/v1/enforcement_pb.js';
import type { Endpoint } from './routing/endpoints.js';
import type { Staleness } from './routing/route.js';
import { fromReservation } from './settlement.js';
import type { Reservation } from './settlement.js';

/** The answer to one question. Plain data: `JSON.stringify` takes it as it is. */
export interface Decision {
  /** Whether the agent may act. */
  readonly allowed: boolean;
  /** The same as a word. */
  readonly decision: 'allow' | 'deny';
  /** Effect of the rule or default that decided: `allow`, `deny`, `warn` or `audit`. All but `deny` permit. */
  readonly effect: string;
  /** Why, in a word, for example `RULE_MATCH`. There may be codes this version does not know. */
  readonly reasonCode: string;
  /** Why, in a sentence. For people; programs read `reasonCode`. */
  readonly reason: string;
  /** The rule's reason by language tag; empty when it has none. */
  readonly reasonLocalized: Readonly<Record<string, string>>;
  /** The rule that decided: its id, else its name, else `rule-N`, or a synthetic id. Empty when the client decided. */
  readonly ruleId: string;
  /** Position of the rule in its policy, from 0. Absent when no rule decided. */
  readonly ruleIndex?: number;
  /** Policy of that rule. Empty when no rule decided. */
  readonly policy: string;
  /** Version of that policy, from 1. 0 when no rule decided. */
  readonly policyVersion: number;
  /** The tenant's policy epoch, a decimal of up to 64 bits: compare with `BigInt(...)`. `'0'` when the client decided. */
  readonly policyEpoch: string;
  /** How many rules were looked at. */
  readonly evaluatedRules: number;
  /** Id of the decision and of its audit event, a ULID. Empty when no decision arrived. */
  readonly decisionId: string;
  /** Id of the request, the same on every attempt. */
  readonly requestId: string;
  /** What the program must also do when it acts. */
  readonly obligations: readonly Obligation[];
  /** The limits that apply, and what is left of them. */
  readonly limits: readonly LimitUsage[];
  /** The first of several resources that was denied. Absent: none was, or the request has no `candidateResources`. */
  readonly deniedResource?: string;
  /** What is held for the call until it is settled or cancelled. Absent: nothing. */
  readonly reservation?: Reservation;
  /** When it makes sense to ask again, in milliseconds. Absent: asking again does not help, or need not wait. */
  readonly retryAfterMs?: number;
  /** True when this repeats the answer to an earlier call with the same request id. */
  readonly replayed: boolean;
  /** True when this was a dry run: nothing was counted, charged or registered. */
  readonly dryRun: boolean;
  /** Who decided: the `server`, or the `client` because no decision arrived or an obligation is unknown to it. */
  readonly source: 'server' | 'client';
}

/** Something the program must do when it acts on an allow. */
export interface Obligation {
  /** Which obligation, for example `redact_output`. */
  readonly name: string;
  /** Its parameters; empty when it has none. */
  readonly parameters: JsonObject;
}

/** One limit and what is left of it. */
export interface LimitUsage {
  /** Policy that states the limit. */
  readonly policy: string;
  /** Name of the limit within its policy. */
  readonly name: string;
  /** What is counted, for example `requests` or `cost_usd`. */
  readonly metric: string;
  /** Who shares the limit: `agent` or `tenant`. */
  readonly per: string;
  /** The window, as written: `1m`, `day`, `month`. */
  readonly window: string;
  /** Unit of the three figures: `requests`, `tokens`, `nano_usd` or `calls`. */
  readonly unit: string;
  /** The limit, in `unit`. */
  readonly limit: number;
  /** Granted in this window, in `unit`. */
  readonly used: number;
  /** Still to be granted in this window, in `unit`. */
  readonly remaining: number;
  /** When the window ends, in ISO 8601 UTC. Absent when it has no end. */
  readonly resetsAt?: string;
}

/** The server's answer as a decision. Whatever is not an allow is a deny. */
export function fromResponse(response: EnforceResponse, requestId: string): Decision {
  const allowed = response.decision === DecisionValue.ALLOW;
  return {
    allowed,
    decision: allowed ? 'allow' : 'deny',
    effect: response.effect,
    reasonCode: response.reasonCode,
    reason: response.reason,
    reasonLocalized: response.reasonLocalized,
    ruleId: response.ruleId,
    ...(response.ruleIndex !== undefined && { ruleIndex: response.ruleIndex }),
    policy: response.policy,
    policyVersion: Number(response.policyVersion),
    policyEpoch: response.policyEpoch.toString(),
    evaluatedRules: response.evaluatedRules,
    decisionId: response.decisionId,
    requestId: response.requestId || requestId,
    obligations: response.obligations.map(({ name, parameters }) => ({ name, parameters: parameters ?? {} })),
    limits: response.limits.map(fromLimit),
    ...(response.deniedResource !== '' && { deniedResource: response.deniedResource }),
    ...(response.reservation && { reservation: fromReservation(response.reservation) }),
    ...(response.retryAfter && { retryAfterMs: milliseconds(response.retryAfter) }),
    replayed: response.replayed,
    dryRun: response.dryRun,
    source: 'server',
  };
}

/**
 * Whether an answer is the deny of a server that cannot confirm what is in force. An allow it could not let out may have been charged: the same
 * question, with the same request id, is answered with that charge by whoever can.
 */
export function stalenessOf({ decision, reasonCode, retryAfter }: EnforceResponse, owner?: Endpoint): Staleness | undefined {
  const isStale = decision === DecisionValue.DENY && reasonCode === 'POLICY_STALE';
  return isStale ? { retryAfterMs: retryAfter ? milliseconds(retryAfter) : 0, owner } : undefined;
}

/** What the client decides when no decision arrived. */
export function withoutAnswer(allowed: boolean, reason: string, { requestId, dryRun }: EnforceRequest): Decision {
  const decision = allowed ? 'allow' : 'deny';
  return {
    allowed, decision, effect: decision, reasonCode: 'STATE_UNAVAILABLE', reason, reasonLocalized: {}, ruleId: '', policy: '',
    policyVersion: 0, policyEpoch: '0', evaluatedRules: 0, decisionId: '', requestId, obligations: [], limits: [], replayed: false,
    dryRun, source: 'client',
  };
}

/** An allow is a deny for a program that does not fulfil one of its obligations. */
export function honouring(decision: Decision, known: ReadonlySet<string>): Decision {
  const unknown = decision.obligations.map(({ name }) => name).filter((name) => !known.has(name));
  if (!decision.allowed || unknown.length === 0) {
    return decision;
  }
  const names = unknown.map((name) => `\`${name}\``).join(', ');
  const reason = `allowed with the obligation ${names}, which this program does not fulfil; fulfil it and name it in the option \`obligations\``;
  return { ...decision, allowed: false, decision: 'deny', effect: 'deny', reasonCode: 'OBLIGATION_UNKNOWN', reason, reasonLocalized: {}, source: 'client' };
}

/** A limit as programs see it. */
export function fromLimit({ policy, name, metric, per, window, unit, limit, used, remaining, resetsAt }: LimitState): LimitUsage {
  const figures = { limit: Number(limit), used: Number(used), remaining: Number(remaining) };
  return { policy, name, metric, per, window, unit, ...figures, ...(resetsAt && { resetsAt: timestampDate(resetsAt).toISOString() }) };
}

function milliseconds({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + Math.ceil(nanos / 1_000_000);
}
