/**
 * What the wrapper needs an OpenAI client to have: `OpenAI`, `AzureOpenAI` and subclasses of them, versions 4 to 7
 * of the package `openai`. Structural, so that no types of that package are needed here.
 */
export interface OpenAIClient {
  /** Address of the API, for example `https://openrouter.ai/api/v1`. */
  readonly baseURL: string;
  /** Builds the address of a request. */
  buildURL(...args: never[]): string;
  /** Makes a request; every other way to make one goes through it. */
  request(...args: never[]): unknown;
}

/** A value, or a promise of it, as the SDK takes options. */
export type Eventually<T> = T | PromiseLike<T>;

/** The options of one request, as far as the wrapper reads them. */
export interface SdkRequest {
  readonly method?: string;
  readonly path: string;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
  readonly defaultBaseURL?: string;
  readonly fetchOptions?: { readonly body?: unknown; readonly method?: unknown } | null;
}

/** A client as the wrapper calls it: its own methods by name, unknown arguments passed on. */
export type SdkClient = OpenAIClient & {
  readonly deploymentName?: unknown;
  readonly fetchOptions?: SdkRequest['fetchOptions'];
  buildURL(path: string, query: unknown, defaultBaseURL?: string): string;
};

/** The error the SDK itself rejects with when a call's signal is aborted; undefined when it has none. */
export function abortErrorOf(client: object): Error | undefined {
  const { APIUserAbortError } = client.constructor as { APIUserAbortError?: new () => Error };
  return APIUserAbortError && new APIUserAbortError();
}
