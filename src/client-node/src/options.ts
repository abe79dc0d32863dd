import { invalidArgument } from './errors.js';
import type { FieldViolation } from './errors.js';
import { readTls } from './tls.js';
import type { TlsMaterial, TlsOptions } from './tls.js';
import type { Transport } from './transport.js';

/** How a client reaches the cluster and what it does when it cannot. */
export interface ControlZeroOptions extends TlsOptions {
  /**
   * Where the cluster is: `http://host:port` (HTTP/2 without TLS) or `https://host:port`. Several addresses have commas between them:
   * each agent keeps to one of them, and the next one is asked when that one fails. Not read when `transport` is given.
   * @defaultValue the environment's `CONTROLZERO_URL`, else `http://127.0.0.1:5050`
   */
  readonly url?: string | undefined;

  /**
   * The API key, `cz_live_…` or `cz_test_…`, with the scope `enforce`. Not read when `transport` is given.
   * @defaultValue the environment's `CONTROLZERO_API_KEY`; it is an error when there is neither
   */
  readonly apiKey?: string | undefined;

  /**
   * The agent of every call that does not name one.
   * @defaultValue the environment's `CONTROLZERO_AGENT_ID`, else the single agent the key is bound to
   */
  readonly agentId?: string | undefined;

  /**
   * Time for a whole call, pauses and retries included, in milliseconds, 1 to 600,000. An answer that arrives later is not used.
   * @defaultValue `2000`
   */
  readonly timeoutMs?: number | undefined;

  /**
   * Attempts at most, the first included, 1 to 10. Only `UNAVAILABLE` is tried again, with the same request id.
   * @defaultValue `3`
   */
  readonly maxAttempts?: number | undefined;

  /**
   * What no decision means after `UNAVAILABLE` or `DEADLINE_EXCEEDED`. `allow` trades safety for uptime: while the cluster
   * cannot be reached, every agent may do everything, and nothing of it is audited.
   * @defaultValue `'deny'`
   */
  readonly onUnavailable?: 'deny' | 'allow' | undefined;

  /**
   * Names of the obligations this program fulfils. An allow with any other one is a deny (`OBLIGATION_UNKNOWN`).
   * @defaultValue `[]`
   */
  readonly obligations?: readonly string[] | undefined;

  /**
   * Carries the calls instead of gRPC; the client closes it.
   * @defaultValue a gRPC transport to `url` with `apiKey`
   */
  readonly transport?: Transport | undefined;
}

/** Options with everything filled in. Holds the key: never keep or print it. */
export interface ResolvedOptions {
  readonly connection: { readonly transport: Transport } | Connection;
  readonly agentId: string | undefined;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly onUnavailable: 'deny' | 'allow';
  readonly obligations: ReadonlySet<string>;
}

/** How to reach a cluster over gRPC. The addresses all have the same scheme. */
export interface Connection {
  readonly urls: readonly URL[];
  readonly apiKey: string;
  readonly tls?: TlsMaterial;
}

const defaultUrl = 'http://127.0.0.1:5050';

/** Fills in environment and defaults; throws one error with everything that is wrong. */
export function resolveOptions(options: ControlZeroOptions, env: Readonly<NodeJS.ProcessEnv>): ResolvedOptions {
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string): void => void violations.push({ field, description });
  const { transport, onUnavailable = 'deny', obligations = [] } = options;

  const agentId = options.agentId ?? (env['CONTROLZERO_AGENT_ID'] || undefined);
  if (agentId === '') {
    refuse('agentId', 'option `agentId` is empty; leave it out (then CONTROLZERO_AGENT_ID is read) or name an agent');
  }
  if (onUnavailable !== 'deny' && onUnavailable !== 'allow') {
    refuse('onUnavailable', `option \`onUnavailable\` is \`${String(onUnavailable)}\`; it takes \`deny\` or \`allow\` (no environment variable)`);
  }
  if (!Array.isArray(obligations) || !obligations.every((name) => typeof name === 'string' && name !== '')) {
    refuse('obligations', 'option `obligations` takes a list of names, none empty (no environment variable)');
  }
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, 2_000, 600_000, refuse);
  const maxAttempts = wholeNumber('maxAttempts', options.maxAttempts, 3, 10, refuse);
  const connection = transport ? { transport } : readConnection(options, env, refuse);

  if (violations.length > 0) {
    throw invalidArgument('INVALID_OPTION', violations);
  }
  return { connection, agentId, timeoutMs, maxAttempts, onUnavailable, obligations: new Set(obligations) };
}

type Refuse = (field: string, description: string) => void;

function readConnection(options: ControlZeroOptions, env: Readonly<NodeJS.ProcessEnv>, refuse: Refuse): Connection {
  const urls = readUrls(options, env, refuse);
  const apiKey = readKey(options, env, refuse);
  const tls = readTls(options, env, urls[0] ?? new URL(defaultUrl), refuse);
  return { urls, apiKey, ...(tls && { tls }) };
}

function readUrls(options: ControlZeroOptions, env: Readonly<NodeJS.ProcessEnv>, refuse: Refuse): URL[] {
  const text = options.url ?? (env['CONTROLZERO_URL'] || defaultUrl);
  const urls: URL[] = [];
  for (const address of text.split(',').map((part) => part.trim())) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const fault = addressFault(address, url, text);
    if (url === undefined || fault !== undefined) {
      refuse('url', `option \`url\` (CONTROLZERO_URL) ${fault}; set the option \`url\` or CONTROLZERO_URL to \`http://host:port\` or `
        + `\`https://host:port\`, several with commas between, for example \`${defaultUrl}\``);
      return [new URL(defaultUrl)];
    }
    urls.push(url);
  }
  const twice = urls.find(({ host }, index) => urls.findIndex((other) => other.host === host) < index);
  if (new Set(urls.map(({ protocol }) => protocol)).size > 1) { // the key would go in the clear whenever the addresses with TLS are away
    refuse('url', `option \`url\` (CONTROLZERO_URL) is \`${text}\`, which mixes http and https; write every address with the same`);
  } else if (twice !== undefined) {
    refuse('url', `option \`url\` (CONTROLZERO_URL) is \`${text}\`, which names \`${twice.host}\` twice; name each address once`);
  }
  return urls;
}

/** What is wrong with an address. It is not repeated where there may be a password in it, and a password may hold commas. */
function addressFault(address: string, url: URL | undefined, text: string): string | undefined {
  if (text.includes('@')) {
    return 'holds a user name or password';
  }
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return `is \`${address}\`, not the address of a server`;
  }
  return url.pathname !== '/' || url.search !== '' || url.hash !== '' ? `is \`${address}\`, with a path, query or fragment` : undefined;
}

function readKey(options: ControlZeroOptions, env: Readonly<NodeJS.ProcessEnv>, refuse: Refuse): string {
  const key = options.apiKey ?? env['CONTROLZERO_API_KEY'] ?? '';
  if (key === '') {
    refuse('apiKey', 'option `apiKey` is not given and CONTROLZERO_API_KEY is empty; set one of them to a key with the scope `enforce`');
  } else if (!/^[\x21-\x7e]+$/.test(key)) {
    refuse('apiKey', 'option `apiKey` (CONTROLZERO_API_KEY) holds white space or a character no key has; copy the key again, without quotes or line ends');
  }
  return key;
}

function wholeNumber(field: string, value: number | undefined, fallback: number, largest: number, refuse: Refuse): number {
  const number = value ?? fallback;
  if (!Number.isInteger(number) || number < 1 || number > largest) {
    refuse(field, `option \`${field}\` is \`${String(number)}\`; it takes a whole number from 1 to ${largest}, default ${fallback} (no environment variable)`);
  }
  return number;
}
