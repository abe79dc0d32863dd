import type { JsonObject } from '@bufbuild/protobuf';

import { milliseconds } from './duration.js';
import { Decision as DecisionValue } from './gen/controlzero/v1/enforcement_pb.js';
import type { EnforceRequest, EnforceResponse } from './gen/controlzero/v1/enforcement_pb.js';
import { fromLimit } from './limits.js';
import type { LimitUsage } from './limits.js';
import { fromReservation } from './reservation.js';
import type { Reservation } from './reservation.js';
import { fromShadow } from './shadow.js';
import type { Shadow } from './shadow.js';

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
  /** What policies in shadow mode would have made of it. Absent: none applies to the agent, or no policy was asked. */
  readonly shadow?: Shadow;
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
    ...(response.shadow && { shadow: fromShadow(response.shadow) }),
    ...(response.reservation && { reservation: fromReservation(response.reservation) }),
    ...(response.retryAfter && { retryAfterMs: milliseconds(response.retryAfter) }),
    replayed: response.replayed,
    dryRun: response.dryRun,
    source: 'server',
  };
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
