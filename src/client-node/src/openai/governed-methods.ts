import { admit, refuseUndecided } from './admission.js';
import type { Admission } from './admission.js';
import type { Asker } from './asker.js';
import type { GovernedCall } from './governed-call.js';
import type { Eventually, OpenAIClient, SdkClient, SdkRequest } from './sdk-client.js';

type Method = (...args: never[]) => unknown;
type Options = Eventually<Partial<SdkRequest> | undefined>;

/**
 * The methods of a client that send, each asking first. The SDK awaits the options of a request before it looks at them:
 * the decision is a promise of those options, and everything after it (streams, `withResponse()`, retries) is the SDK's own.
 */
export function governedMethods<Client extends OpenAIClient>(
  client: SdkClient,
  asker: Asker,
  govern: (other: Client) => Client,
): ReadonlyMap<string, Method> {
  const call = (name: string, args: unknown[]): unknown => Reflect.apply(Reflect.get(client, name) as Method, client, args);
  const send = (name: string, options: Eventually<SdkRequest>, args: (admitted: Promise<SdkRequest>) => unknown[]): unknown => {
    const admission = admit(client, asker, options);
    return observed(call(name, args(admission.then(({ request }) => request))), admission);
  };

  const methods: Record<string, Method> = {
    withOptions: (...args: unknown[]) => govern(call('withOptions', args) as Client),
    methodRequest: (method: string, path: string, options: Options) => send('methodRequest', merged(method, path, options), (admitted) => [method, path, admitted]),
    getAPIList: (path: string, page: unknown, options: Options) => send('requestAPIList', merged('get', path, options), (admitted) => [page, admitted]),
    requestAPIList: (page: unknown, options: Eventually<SdkRequest>) => send('requestAPIList', options, (admitted) => [page, admitted]),
  };
  for (const name of ['get', 'post', 'put', 'patch', 'delete']) {
    methods[name] = (path: string, options: Options) => send(name, merged(name, path, options), (admitted) => [path, admitted]);
  }
  for (const name of ['request', 'makeRequest']) {
    methods[name] = (options: Eventually<SdkRequest>, ...rest: unknown[]) => send(name, options, (admitted) => [admitted, ...rest]);
  }
  for (const name of ['fetch', 'fetchWithTimeout', 'fetchWithAuth']) {
    methods[name] = (url: string | URL | Request, init: RequestInit | undefined, ...rest: unknown[]) => {
      const request = typeof url === 'object' && 'url' in url ? url : undefined;
      refuseUndecided(init?.method ?? request?.method, request?.url ?? String(url));
      return call(name, [url, init, ...rest]);
    };
  }
  return new Map(Object.entries(methods).filter(([name]) => typeof Reflect.get(client, name) === 'function'));
}

/** What the SDK makes of a response, as far as the wrapper reads it. */
interface ResponseProps {
  response?: Response;
}

/**
 * Has the response of what a sending method returned read along. The SDK keeps a promise of the response and reads from it when somebody
 * waits. The response is replaced where it stands, before anybody else is told of it: `asResponse()`, streams and parsed answers see it alike.
 */
function observed(returned: unknown, admission: Promise<Admission>): unknown {
  let call: GovernedCall | undefined;
  admission.then((admitted) => { call = admitted.call; }, () => undefined); // a refusal is told by what the method returned
  const { responsePromise = returned } = (returned ?? {}) as { responsePromise?: unknown };
  if (responsePromise instanceof Promise) {
    const follow = (props: unknown): void => {
      const answer = props as ResponseProps | undefined;
      if (call !== undefined && answer?.response) {
        answer.response = call.observe(answer.response);
      }
    };
    responsePromise.then(follow, (error: unknown) => call?.failed(error));
  }
  return returned;
}

/** Options of a request as the SDK merges them: what the caller's own options say wins. */
function merged(method: string, path: string, options: Options): Eventually<SdkRequest> {
  if (typeof options === 'object' && 'then' in options) {
    return Promise.resolve(options).then((resolved) => ({ method, path, ...resolved }));
  }
  return { method, path, ...options };
}
