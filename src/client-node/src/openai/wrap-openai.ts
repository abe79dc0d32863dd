import type { Context } from '../context.js';
import type { ControlZero } from '../control-zero.js';
import { ControlZeroError, invalidArgument } from '../errors.js';
import type { FieldViolation } from '../errors.js';
import type { Estimate } from '../settlement.js';
import type { Asker } from './asker.js';
import { estimateOf } from './estimates.js';
import { governedMethods } from './governed-methods.js';
import { isResource, rebuild } from './resources.js';
import type { Resource } from './resources.js';
import type { OpenAIClient, SdkClient } from './sdk-client.js';

/** For whom a wrapped client asks, and with which facts. */
export interface WrapOpenAIOptions {
  /**
   * The agent that uses the client.
   * @defaultValue the agent of the `ControlZero` given, as in its own calls
   */
  readonly agentId?: string | undefined;

  /**
   * Facts for conditions, sent with every question; read at every call.
   * @defaultValue none
   */
  readonly context?: Context | undefined;

  /**
   * What stands before the model's name in the resource asked about.
   * @defaultValue `'model/'`
   */
  readonly resourcePrefix?: string | undefined;

  /**
   * What a request is expected to use, for limits of tokens and money; `false`: nothing is said, and such limits take their
   * `default_estimate` or deny.
   * @defaultValue a token for every three bytes of the body, and the bound the request sets for its answer (`max_tokens` and its kin)
   */
  readonly estimate?: false | ((action: string, body: { readonly [key: string]: unknown }) => Estimate | undefined) | undefined;

  /**
   * Told when a call that is over could not be settled: its reservation then ends at its charge.
   * @defaultValue a warning of the process (`ControlZeroWarning`)
   */
  readonly onSettleError?: ((error: unknown) => void) | undefined;
}

/** Found on every governed client, also through other wrappers and other copies of this package. */
const governedMark = Symbol.for('controlzero.openai.governed');

/**
 * Returns a client that asks the cluster before it sends anything to a language model, and otherwise is the client given,
 * which stays as it is. A deny rejects the call with `PolicyDeniedError`, and the provider never hears of it.
 * @throws ControlZeroError `INVALID_ARGUMENT` when the client is wrapped already, is no OpenAI client, or an option is wrong
 */
export function wrapOpenAI<Client extends OpenAIClient>(client: Client, cz: ControlZero, options: WrapOpenAIOptions = {}): Client {
  const { agentId, context, resourcePrefix = 'model/', estimate = estimateOf, onSettleError = warn } = options;
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string): void => void violations.push({ field, description });

  if (!isClient(client)) {
    refuse('client', '`client` is not an OpenAI client; pass `new OpenAI(...)` of the package `openai`, versions 4.104 to 7');
  } else if (Reflect.get(client, governedMark) === true) {
    refuse('client', '`client` is wrapped already, and every call would be decided twice; wrap the client that `new OpenAI(...)` returned');
  }
  if (typeof (cz as Partial<ControlZero> | undefined)?.enforce !== 'function') {
    refuse('cz', '`cz` is not a ControlZero; pass `new ControlZero(...)` as second argument');
  }
  if (agentId === '') {
    refuse('agentId', 'option `agentId` is empty; leave it out (then the agent of `cz` is used) or name an agent');
  }
  if (typeof resourcePrefix !== 'string') {
    refuse('resourcePrefix', `option \`resourcePrefix\` is \`${String(resourcePrefix)}\`; it takes a string, default \`model/\``);
  }
  if (estimate !== false && typeof estimate !== 'function') {
    refuse('estimate', `option \`estimate\` is \`${String(estimate)}\`; it takes a function of the action and the body, or \`false\``);
  }
  if (typeof onSettleError !== 'function') {
    refuse('onSettleError', `option \`onSettleError\` is \`${String(onSettleError)}\`; it takes a function`);
  }
  if (violations.length > 0) {
    throw invalidArgument('INVALID_OPTION', violations);
  }
  return govern(client, { cz, agentId, context, resourcePrefix, estimate: estimate === false ? undefined : estimate, onSettleError });
}

/** A view of the client whose sending methods and groups of methods are governed. */
function govern<Client extends OpenAIClient>(client: Client, asker: Asker): Client {
  const governed = governedMethods(client as unknown as SdkClient, asker, (other) => govern(other, asker));
  const resources = new WeakMap<Resource, Resource>();
  const methods = new WeakMap<object, unknown>();

  const view = (property: string | symbol, value: unknown): unknown => {
    if (typeof property === 'string' && governed.has(property)) {
      return governed.get(property);
    }
    if (isResource(value)) {
      return kept(resources, value, () => rebuild(value, proxy));
    }
    if (typeof value === 'function' && property !== 'constructor') {
      return kept(methods, value, () => value.bind(client) as unknown); // private fields are the client's, not the view's
    }
    return value;
  };
  const proxy: Client = new Proxy(client, {
    get: (_, property) => (property === governedMark ? true : view(property, Reflect.get(client, property, client))),
    getOwnPropertyDescriptor: (_, property) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(client, property);
      return descriptor && 'value' in descriptor ? { ...descriptor, value: view(property, descriptor.value) } : descriptor;
    },
    defineProperty: (_, property) => readOnly(property), // an assignment ends here too
    deleteProperty: (_, property) => readOnly(property),
    setPrototypeOf: () => readOnly('prototype'),
  });
  return proxy;
}

function warn(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.emitWarning(`a call could not be settled, its reservation ends at its charge: ${message}`, 'ControlZeroWarning');
}

function isClient(client: unknown): boolean {
  return typeof client === 'object' && client !== null
    && ['request', 'post', 'buildURL'].every((method) => typeof Reflect.get(client, method) === 'function');
}

function kept<K extends object, V>(cache: WeakMap<K, V>, key: K, make: () => V): V {
  const value = cache.get(key) ?? make();
  cache.set(key, value);
  return value;
}

function readOnly(property: string | symbol): never {
  const message = `\`${String(property)}\` of a governed client cannot be set; use \`withOptions()\`, or set it on the client before it is wrapped`;
  throw new ControlZeroError('FAILED_PRECONDITION', message, { reason: 'CLIENT_READ_ONLY' });
}
