import type { Duration } from '@bufbuild/protobuf/wkt';

/** A duration in whole milliseconds, rounded up. */
export function milliseconds({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + Math.ceil(nanos / 1_000_000);
}
