import type { Decision } from '../decision.js';
import { ControlZeroError, invalidArgument } from '../errors.js';
import type { Asker } from './asker.js';
import { GovernedCall } from './governed-call.js';
import { isObject, modelsOf } from './models.js';
import type { JsonObject } from './models.js';
import { deploymentsOf, routeOf } from './routes.js';
import { abortErrorOf } from './sdk-client.js';
import type { Eventually, SdkClient, SdkRequest } from './sdk-client.js';

/** A request that may be sent, and the call whose reservation it ends. Absent: nothing is reserved. */
export interface Admission {
  readonly request: SdkRequest;
  readonly call?: GovernedCall;
}

/**
 * Returns a request once it may be sent. What is sent is a copy taken before the question: a body that
 * changes while the decision is made changes nothing. The SDK's own retries of the request are not asked about again.
 * @throws PolicyDeniedError when one of its models is denied
 * @throws ControlZeroError when the wrapper cannot tell what would be sent, or no decision is possible
 */
export async function admit(client: SdkClient, asker: Asker, options: Eventually<SdkRequest>): Promise<Admission> {
  const request = isPromise(options) ? await options : options;
  for (const overriding of [client.fetchOptions, request.fetchOptions]) {
    if (overriding && ('body' in overriding || 'method' in overriding)) {
      throw notGoverned('`fetchOptions` holds `body` or `method`, which replace what was decided on; put them into the request itself');
    }
  }
  const url = client.buildURL(request.path, request.query, request.defaultBaseURL);
  const route = routeOf(request.method, url);
  if (route.kind === 'passed') {
    return { request };
  }
  if (route.kind === 'refused') {
    throw notGoverned(`\`${route.path}\` runs models that its request does not name, so that nobody can decide on them`);
  }
  const body = snapshot(request.body);
  const models = modelsOf(body, [...deploymentsOf(url), client.deploymentName]);
  const decision = await ask(client, asker, route.action, models, body, request.signal ?? undefined);
  if (decision.reservation === undefined) {
    return { request: { ...request, body } };
  }
  const asksForUsage = lacksUsage(url, body);
  const call = new GovernedCall(asker, route.action, decision, asksForUsage);
  return { request: { ...request, body: asksForUsage ? withUsage(body) : body }, call };
}

/** Refuses a request made below the SDK's methods when it would reach a path that is decided on. */
export function refuseUndecided(method: string | undefined, url: string): void {
  if (URL.canParse(url) && routeOf(method, url).kind !== 'passed') {
    throw notGoverned(`a raw fetch of \`${new URL(url).pathname}\` is not decided on; use the client's methods, \`post\` for example`);
  }
}

/** One decision for all models: each must be allowed. */
async function ask(
  client: SdkClient, asker: Asker, action: string, models: string[], body: JsonObject, signal: AbortSignal | undefined,
): Promise<Decision> {
  const { cz, agentId, context, resourcePrefix, estimate } = asker;
  try {
    const resources = models.map((model) => `${resourcePrefix}${model}`);
    const asked = resources.length > 1 ? { candidateResources: resources } : { resource: resources[0] };
    return await cz.enforce({ action, ...asked, agentId, context, estimate: estimate?.(action, body) }, { signal });
  } catch (error) {
    const aborted = signal?.aborted && error instanceof ControlZeroError && error.code === 'CANCELLED';
    throw (aborted ? abortErrorOf(client) : undefined) ?? error;
  }
}

/** Whether a stream of completions would end without its usage: only this form leaves it out unless asked. */
function lacksUsage(url: string, body: JsonObject): boolean {
  const { stream_options: options } = body;
  const includes = isObject(options) && options['include_usage'] !== undefined;
  return body['stream'] === true && /completions\/?$/i.test(new URL(url).pathname) && !includes;
}

function withUsage(body: JsonObject): JsonObject {
  const { stream_options: options } = body;
  return { ...body, stream_options: { ...(isObject(options) ? options : {}), include_usage: true } };
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
