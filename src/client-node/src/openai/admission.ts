import type { Context } from '../context.js';
import type { ControlZero } from '../control-zero.js';
import { ControlZeroError, invalidArgument } from '../errors.js';
import { isObject, modelsOf } from './models.js';
import type { JsonObject } from './models.js';
import { deploymentsOf, routeOf } from './routes.js';
import { abortErrorOf } from './sdk-client.js';
import type { Eventually, SdkClient, SdkRequest } from './sdk-client.js';

/** For whom a wrapped client asks, and how it names what it asks about. */
export interface Asker {
  readonly cz: ControlZero;
  readonly agentId: string | undefined;
  readonly context: Context | undefined;
  readonly resourcePrefix: string;
}

/**
 * Returns the options of a request once it may be sent. What is sent is a copy taken before the question: a body that
 * changes while the decision is made changes nothing. The SDK's own retries of the request are not asked about again.
 * @throws PolicyDeniedError when one of its models is denied
 * @throws ControlZeroError when the wrapper cannot tell what would be sent, or no decision is possible
 */
export async function admit(client: SdkClient, asker: Asker, options: Eventually<SdkRequest>): Promise<SdkRequest> {
  const request = isPromise(options) ? await options : options;
  for (const overriding of [client.fetchOptions, request.fetchOptions]) {
    if (overriding && ('body' in overriding || 'method' in overriding)) {
      throw notGoverned('`fetchOptions` holds `body` or `method`, which replace what was decided on; put them into the request itself');
    }
  }
  const url = client.buildURL(request.path, request.query, request.defaultBaseURL);
  const route = routeOf(request.method, url);
  if (route.kind === 'passed') {
    return request;
  }
  if (route.kind === 'refused') {
    throw notGoverned(`\`${route.path}\` runs models that its request does not name, so that nobody can decide on them`);
  }
  const body = snapshot(request.body);
  const models = modelsOf(body, [...deploymentsOf(url), client.deploymentName]);
  await ask(client, asker, route.action, models, request.signal ?? undefined);
  return { ...request, body };
}

/** Refuses a request made below the SDK's methods when it would reach a path that is decided on. */
export function refuseUndecided(method: string | undefined, url: string): void {
  if (URL.canParse(url) && routeOf(method, url).kind !== 'passed') {
    throw notGoverned(`a raw fetch of \`${new URL(url).pathname}\` is not decided on; use the client's methods, \`post\` for example`);
  }
}

/** One decision for all models: each must be allowed. */
async function ask(client: SdkClient, asker: Asker, action: string, models: string[], signal: AbortSignal | undefined): Promise<void> {
  const { cz, agentId, context, resourcePrefix } = asker;
  try {
    const resources = models.map((model) => `${resourcePrefix}${model}`);
    const asked = resources.length > 1 ? { candidateResources: resources } : { resource: resources[0] };
    await cz.enforce({ action, ...asked, agentId, context }, { signal });
  } catch (error) {
    const aborted = signal?.aborted && error instanceof ControlZeroError && error.code === 'CANCELLED';
    throw (aborted ? abortErrorOf(client) : undefined) ?? error;
  }
}

function snapshot(body: unknown): JsonObject {
  const text: string | undefined = JSON.stringify(body);
  const copy: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(copy)) {
    const description = '`body` is not a JSON object; pass the request as an object with a `model`, so that it can be decided on';
    throw invalidArgument('MODEL_REQUIRED', [{ field: 'body', description }]);
  }
  return copy;
}

function isPromise<T extends object>(value: Eventually<T>): value is PromiseLike<T> {
  return 'then' in value && typeof value.then === 'function';
}

function notGoverned(why: string): ControlZeroError {
  const remedy = 'if the program may do this without a decision, do it with the client that was wrapped';
  return new ControlZeroError('FAILED_PRECONDITION', `${why}; ${remedy}`, { reason: 'CALL_NOT_GOVERNED' });
}
