import { ControlZeroError, PolicyDeniedError } from '../errors.js';

/** A group of methods of a client, such as `chat.completions`: it sends through the client it was made for. */
export interface Resource {
  readonly _client: unknown;
}

/** Helpers that return a runner, which reports errors as events. */
const runnerMethods = ['stream', 'runTools', 'runFunctions'];

/** Whether a client's property is a group of methods. */
export function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && '_client' in value;
}

/**
 * The same group made anew for another client, by the SDK's own class: its methods, helpers and private fields work, and
 * whatever they send goes through that client. Nothing of the original is touched or called.
 */
export function rebuild(resource: Resource, client: object): Resource {
  const copy = new (resource.constructor as new (client: object) => unknown)(client);
  if (!isResource(copy)) {
    throw unsupported();
  }
  prepare(copy, client);
  return copy;
}

/** Checks that a group and those within it send through the client, and lets their runners tell errors as they are. */
function prepare(resource: Resource, client: object): void {
  if (resource._client !== client) {
    throw unsupported();
  }
  const methods = resource as unknown as Record<string, unknown>;
  for (const name of runnerMethods) {
    const method = methods[name];
    if (typeof method === 'function') {
      define(resource, name, (...args: unknown[]): unknown => tellingErrors(Reflect.apply(method, resource, args)));
    }
  }
  for (const inner of Object.values(resource).filter((value) => isResource(value))) {
    prepare(inner, client);
  }
}

/** Runners hide every foreign error in one of their own. This takes ours out again, before anybody sees it. */
function tellingErrors(runner: unknown): unknown {
  const { _emit: emit } = (runner ?? {}) as { _emit?: unknown };
  if (typeof emit === 'function') {
    define(runner as object, '_emit', (event: unknown, ...args: unknown[]): unknown => {
      return Reflect.apply(emit, runner, [event, ...(event === 'error' ? args.map(unwrapped) : args)]);
    });
  }
  return runner;
}

function unwrapped(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof PolicyDeniedError || cause instanceof ControlZeroError ? cause : error;
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

function unsupported(): ControlZeroError {
  const message = 'this version of `openai` builds its clients in a way that cannot be governed; use one from 4.104 to 7';
  return new ControlZeroError('UNIMPLEMENTED', message, { reason: 'CLIENT_NOT_SUPPORTED' });
}
