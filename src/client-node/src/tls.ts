import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** What handshakes with an `https` cluster are made with: PEM text, as in `node:tls`. */
export interface TlsOptions {
  /**
   * Certificates of the authorities that may vouch for the cluster, and of no others.
   * @defaultValue what the file in the environment's `CONTROLZERO_CA_FILE` holds, else Node's roots; the environment is read for `https` only
   */
  readonly ca?: string | Uint8Array | undefined;

  /**
   * The certificate this client presents, then the intermediate ones, for a cluster that asks for one.
   * @defaultValue what the file in the environment's `CONTROLZERO_CLIENT_CERTIFICATE_FILE` holds, else none; the environment is read for `https` only
   */
  readonly cert?: string | Uint8Array | undefined;

  /**
   * The private key of `cert`, not encrypted.
   * @defaultValue what the file in the environment's `CONTROLZERO_CLIENT_KEY_FILE` holds, else `cert` holds it too
   */
  readonly key?: string | Uint8Array | undefined;
}

/** The same with everything filled in. Holds the private key: never keep or print it. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const variables = { ca: 'CONTROLZERO_CA_FILE', cert: 'CONTROLZERO_CLIENT_CERTIFICATE_FILE', key: 'CONTROLZERO_CLIENT_KEY_FILE' } as const;

/** Fills in the environment and checks what it got; undefined: TLS as Node does it. A `cert` of the options never goes with a key of the environment. */
export function readTls(
  options: TlsOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  url: URL,
  refuse: (field: string, description: string) => void,
): TlsMaterial | undefined {
  if (url.protocol !== 'https:') {
    for (const field of ['ca', 'cert', 'key'] as const) {
      if (options[field] !== undefined) {
        refuse(field, `option \`${field}\` is for TLS, and the option \`url\` (CONTROLZERO_URL) is not https; write \`https://host:port\`, or leave it out`);
      }
    }
    return undefined;
  }

  const own = options.cert !== undefined || options.key !== undefined;
  const ca = read('ca', options, env, refuse);
  const cert = read('cert', options, own ? {} : env, refuse);
  const key = read('key', options, own ? {} : env, refuse) ?? cert;
  if (ca !== undefined && !isCertificate(ca)) {
    refuse('ca', `option \`ca\` (${variables.ca}) holds no certificate in PEM form; give the certificate of the authority that signed the cluster's`);
  }
  if (cert === undefined && key !== undefined) {
    refuse('key', `option \`key\` (${variables.key}) is the key of no certificate; set the option \`cert\` or ${variables.cert} too`);
  } else if (cert !== undefined && key !== undefined && !belongTogether(cert, key)) {
    refuse('cert', `option \`cert\` (${variables.cert}) and \`key\` (${variables.key}) are no certificate and private key, in PEM form and not encrypted, that belong together; give both anew`);
  }
  return ca || cert ? { ...(ca && { ca }), ...(cert && key && { cert, key }) } : undefined;
}

function read(
  field: keyof typeof variables,
  options: TlsOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  refuse: (field: string, description: string) => void,
): Buffer | undefined {
  const given = options[field];
  if (given !== undefined) {
    return Buffer.from(given as Uint8Array);
  }
  const file = env[variables[field]]?.trim();
  if (!file) {
    return undefined;
  }
  try {
    return readFileSync(file);
  } catch {
    refuse(field, `${variables[field]} names \`${file}\`, which cannot be read; check the path and its permissions`);
    return undefined;
  }
}

function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined && pem.includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false;
  }
}

function belongTogether(cert: Buffer, key: Buffer): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
