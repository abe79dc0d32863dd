import type { Decision } from './decision.js';

/** Names of the gRPC status codes, in the order of their numbers. */
export const errorCodes = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** Name of a gRPC status code. The client uses the same words for what it finds itself. */
export type ErrorCode = (typeof errorCodes)[number];

/** One field that is wrong, and what to do about it. */
export interface FieldViolation {
  /** Name of the field or option. */
  readonly field: string;
  /** What is wrong with it, the limit and the remedy. */
  readonly description: string;
}

/** What a {@link ControlZeroError} is made of, beside its message. */
export interface ErrorDetails {
  /** Machine-readable cause within the code, for example `SCOPE_REQUIRED`. */
  readonly reason?: string;
  /** Facts that belong to the reason. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Every field that is wrong. */
  readonly violations?: readonly FieldViolation[];
  /** The error underneath. */
  readonly cause?: unknown;
}

/** There is no decision: the call was wrong, was refused or did not get through. Never means allow. */
export class ControlZeroError extends Error {
  override readonly name: string = 'ControlZeroError';

  /** gRPC status code, for example `UNAUTHENTICATED`. */
  readonly code: ErrorCode;

  /** `google.rpc.ErrorInfo.reason`, for example `SCOPE_REQUIRED`; empty when the server gave none. */
  readonly reason: string;

  /** `google.rpc.ErrorInfo.metadata`; empty when the server gave none. */
  readonly metadata: Readonly<Record<string, string>>;

  /** `google.rpc.BadRequest.field_violations`; empty when no field is at fault. */
  readonly violations: readonly FieldViolation[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason ?? '';
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
  }
}

/** The agent may not act. Carries the whole decision. */
export class PolicyDeniedError extends Error {
  override readonly name: string = 'PolicyDeniedError';

  /** Always `POLICY_DENIED`. */
  readonly code = 'POLICY_DENIED';

  /** The decision that denied. */
  readonly decision: Decision;

  constructor(message: string, decision: Decision, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.decision = decision;
  }

  /** The rule that denied, as in {@link Decision.ruleId}; empty when none did. */
  get ruleId(): string {
    return this.decision.ruleId;
  }

  /** Why, in a word, as in {@link Decision.reasonCode}. */
  get reasonCode(): string {
    return this.decision.reasonCode;
  }
}

/** The error for a call or an option that is wrong before anything is sent; lists every finding. */
export function invalidArgument(reason: string, violations: readonly FieldViolation[]): ControlZeroError {
  const message = violations.map(({ description }) => description).join('; ');
  return new ControlZeroError('INVALID_ARGUMENT', message, { reason, violations });
}
