import { timestampDate } from '@bufbuild/protobuf/wkt';

import type { LimitState } from './gen/controlzero/v1/enforcement_pb.js';

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

/** A limit as programs see it. */
export function fromLimit({ policy, name, metric, per, window, unit, limit, used, remaining, resetsAt }: LimitState): LimitUsage {
  const figures = { limit: Number(limit), used: Number(used), remaining: Number(remaining) };
  return { policy, name, metric, per, window, unit, ...figures, ...(resetsAt && { resetsAt: timestampDate(resetsAt).toISOString() }) };
}
