import { milliseconds } from '../duration.js';
import { Decision } from '../gen/controlzero/v1/enforcement_pb.js';
import type { EnforceResponse } from '../gen/controlzero/v1/enforcement_pb.js';
import type { Endpoint } from './endpoint.js';

/** What a server says beside a deny because it could not confirm what is in force: another address may know. */
export interface Staleness {
  /** When the server expects to know again, in milliseconds. 0: it does not say. */
  readonly retryAfterMs: number;
  /** The address that owns the agent, if the server named one that is known. */
  readonly owner?: Endpoint | undefined;
}

/**
 * Whether an answer is the deny of a server that cannot confirm what is in force. An allow it could not let out may have been charged: the same
 * question, with the same request id, is answered with that charge by whoever can.
 */
export function stalenessOf({ decision, reasonCode, retryAfter }: EnforceResponse, owner?: Endpoint): Staleness | undefined {
  const isStale = decision === Decision.DENY && reasonCode === 'POLICY_STALE';
  return isStale ? { retryAfterMs: retryAfter ? milliseconds(retryAfter) : 0, owner } : undefined;
}
