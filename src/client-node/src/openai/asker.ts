import type { Context } from '../context.js';
import type { ControlZero } from '../control-zero.js';
import type { Estimate } from '../settlement.js';
import type { JsonObject } from './models.js';

/** For whom a wrapped client asks, and how it names what it asks about. */
export interface Asker {
  readonly cz: ControlZero;
  readonly agentId: string | undefined;
  readonly context: Context | undefined;
  readonly resourcePrefix: string;
  /** What a request is expected to use. Absent: nothing is said. */
  readonly estimate: ((action: string, body: JsonObject) => Estimate | undefined) | undefined;
  /** Told when a call that is over could not be settled. */
  readonly onSettleError: (error: unknown) => void;
}
