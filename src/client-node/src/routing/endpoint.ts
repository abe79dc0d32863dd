import type { Transport } from '../transport.js';
import type { Standing } from './standing.js';

/** One address of the cluster, and what carries calls to it. */
export interface Address {
  /** `host:port`, as the cluster names an owner. */
  readonly authority: string;
  readonly transport: Transport;
}

/** One address, with what it stands for in the ranking and whether it is worth asking. */
export interface Endpoint extends Address {
  readonly seed: number;
  readonly standing: Standing;
}
