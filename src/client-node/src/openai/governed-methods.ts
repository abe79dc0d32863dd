import { admit, refuseUndecided } from './admission.js';
import type { Asker } from './admission.js';
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
  const admitted = (options: Eventually<SdkRequest>): Promise<SdkRequest> => admit(client, asker, options);

  const methods: Record<string, Method> = {
    withOptions: (...args: unknown[]) => govern(call('withOptions', args) as Client),
    methodRequest: (method: string, path: string, options: Options) => call('methodRequest', [method, path, admitted(merged(method, path, options))]),
    getAPIList: (path: string, page: unknown, options: Options) => call('requestAPIList', [page, admitted(merged('get', path, options))]),
    requestAPIList: (page: unknown, options: Eventually<SdkRequest>) => call('requestAPIList', [page, admitted(options)]),
  };
  for (const name of ['get', 'post', 'put', 'patch', 'delete']) {
    methods[name] = (path: string, options: Options) => call(name, [path, admitted(merged(name, path, options))]);
  }
  for (const name of ['request', 'makeRequest']) {
    methods[name] = (options: Eventually<SdkRequest>, ...rest: unknown[]) => call(name, [admitted(options), ...rest]);
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

/** Options of a request as the SDK merges them: what the caller's own options say wins. */
function merged(method: string, path: string, options: Options): Eventually<SdkRequest> {
  if (typeof options === 'object' && 'then' in options) {
    return Promise.resolve(options).then((resolved) => ({ method, path, ...resolved }));
  }
  return { method, path, ...options };
}
