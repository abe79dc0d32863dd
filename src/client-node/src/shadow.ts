import { Decision } from './gen/controlzero/v1/enforcement_pb.js';
import type { ShadowDecision } from './gen/controlzero/v1/enforcement_pb.js';

/**
 * What would have been decided, were the policies in shadow mode in force beside the others. It says what enforcing them would change, and permits
 * nothing. Limits and suspensions have no part in it.
 */
export interface Shadow {
  /** Whether the agent could have acted. */
  readonly allowed: boolean;
  /** The same as a word. */
  readonly decision: 'allow' | 'deny';
  /** Effect of the rule or default that would have decided. */
  readonly effect: string;
  /** Why, in a word. */
  readonly reasonCode: string;
  /** The rule that would have decided, or a synthetic id. */
  readonly ruleId: string;
  /** Policy of that rule, which need not be one in shadow. Empty when no rule would have decided. */
  readonly policy: string;
  /** Version of that policy, from 1. 0 when no rule would have decided. */
  readonly policyVersion: number;
}

/** What was said in shadow as programs see it. */
export function fromShadow({ decision, effect, reasonCode, ruleId, policy, policyVersion }: ShadowDecision): Shadow {
  const allowed = decision === Decision.ALLOW;
  return { allowed, decision: allowed ? 'allow' : 'deny', effect, reasonCode, ruleId, policy, policyVersion: Number(policyVersion) };
}
