import { timestampDate } from '@bufbuild/protobuf/wkt';

import type { Reservation as ReservationMessage } from './gen/controlzero/v1/enforcement_pb.js';

/** Quota that is held for one call until it is settled, cancelled or expires. */
export interface Reservation {
  /** Names it in `settle` and `cancel`. */
  readonly token: string;
  /** When it ends at its full charge, in ISO 8601 UTC. */
  readonly expiresAt?: string;
}

/** A reservation as programs see it. */
export function fromReservation({ token, expiresAt }: ReservationMessage): Reservation {
  return { token, ...(expiresAt && { expiresAt: timestampDate(expiresAt).toISOString() }) };
}
