import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';

import { ControlZeroError, errorCodes } from './errors.js';
import type { ErrorDetails } from './errors.js';
import { BadRequestSchema, ErrorInfoSchema } from './gen/google/rpc/error_details_pb.js';
import { StatusSchema } from './gen/google/rpc/status_pb.js';
import type { Status } from './gen/google/rpc/status_pb.js';

/** What a `google.rpc.Status` says beside its code. */
export interface StatusDetails extends ErrorDetails {
  /** The message, whole: grpc-js leaves `%3A` and the like in the one of the `grpc-message` header. */
  readonly message?: string;
}

/** Reads the `google.rpc.Status` that gRPC sends as `grpc-status-details-bin`. What cannot be read is left out: the code stands. */
export function readStatusDetails(bytes: Uint8Array | undefined): StatusDetails {
  if (bytes === undefined) {
    return {};
  }
  try {
    const status = fromBinary(StatusSchema, bytes);
    return { ...(status.message !== '' && { message: status.message }), ...detailsOf(status) };
  } catch {
    return {};
  }
}

/** The error a `google.rpc.Status` within an answer stands for. */
export function fromStatus(status: Status): ControlZeroError {
  const code = status.code === 0 ? 'UNKNOWN' : errorCodes[status.code] ?? 'UNKNOWN';
  return new ControlZeroError(code, status.message || code, detailsOf(status));
}

/** Details that cannot be read are left out. */
function detailsOf({ details }: Status): ErrorDetails {
  try {
    const info = details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((found) => found !== undefined);
    const violations = details.flatMap((any) => anyUnpack(any, BadRequestSchema)?.fieldViolations ?? []);
    return {
      ...(info && { reason: info.reason, metadata: info.metadata }),
      violations: violations.map(({ field, description }) => ({ field, description })),
    };
  } catch {
    return {};
  }
}
