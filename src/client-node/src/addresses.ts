import { GrpcTransport } from './grpc-transport.js';
import type { GrpcTransportOptions } from './grpc-transport.js';
import type { ResolvedOptions } from './options.js';
import type { CallBounds } from './retry.js';
import type { Address } from './routing/endpoint.js';
import type { Transport } from './transport.js';

/** The addresses and what carries calls to each. Of several, one that does not connect leaves time for another. */
export function addressesOf(connection: ResolvedOptions['connection'], { timeoutMs, maxAttempts }: CallBounds): Address[] {
  if ('transport' in connection) {
    return [{ authority: '', transport: connection.transport }];
  }
  const { urls, apiKey, tls } = connection;
  return urls.map((url) => ({
    authority: `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`,
    transport: openTransport({ url, apiKey, ...(tls && { tls }), connectTimeoutMs: urls.length > 1 ? timeoutMs / (maxAttempts + 1) : undefined }),
  }));
}

function openTransport(options: GrpcTransportOptions): Transport {
  return new GrpcTransport(options);
}
