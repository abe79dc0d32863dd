import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rootCertificates } from 'node:tls';

import { ControlZeroError } from './errors.js';
import { resolveOptions } from './options.js';
import type { ControlZeroOptions } from './options.js';
import type { TlsMaterial } from './tls.js';

const apiKey = 'cz_test_key_secret';
const ca = rootCertificates[0] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'cz-tls-'));
const file = join(folder, 'ca.pem');
writeFileSync(file, ca);
after(() => rmSync(folder, { recursive: true }));

function tlsOf(options: ControlZeroOptions, env: NodeJS.ProcessEnv = {}): TlsMaterial | undefined {
  const { connection } = resolveOptions({ apiKey, url: 'https://cluster:1', ...options }, env);
  return 'tls' in connection ? connection.tls : undefined;
}

test('Tls_OptionOrFileOfTheEnvironment_IsReadForHttpsOnly', () => {
  const env = { CONTROLZERO_CA_FILE: file };

  assert.equal(tlsOf({}), undefined);
  assert.deepEqual(tlsOf({ ca }), { ca: Buffer.from(ca) });
  assert.deepEqual(tlsOf({ ca: Buffer.from(ca) }), { ca: Buffer.from(ca) });
  assert.deepEqual(tlsOf({}, env), { ca: Buffer.from(ca) });
  assert.equal(tlsOf({ url: 'http://cluster:1' }, env), undefined);
});

const wrong: [string, ControlZeroOptions, NodeJS.ProcessEnv, RegExp][] = [
  ['ca', { ca: 'garbage' }, {}, /`ca` \(CONTROLZERO_CA_FILE\) holds no certificate in PEM form; give/],
  ['ca', { url: 'http://cluster:1', ca }, {}, /`ca` is for TLS.*not https; write `https:/],
  ['ca', {}, { CONTROLZERO_CA_FILE: '/missing' }, /CONTROLZERO_CA_FILE names `\/missing`, which cannot be read; check/],
  ['cert', { cert: ca }, {}, /`cert`.*`key`.*that belong together; give both anew/],
  ['cert', { cert: ca, key: 'secret' }, {}, /that belong together/],
  ['cert', { cert: ca }, { CONTROLZERO_CLIENT_KEY_FILE: file }, /that belong together/],
  ['key', { key: 'secret' }, {}, /`key`.*is the key of no certificate; set the option `cert`/],
];
for (const [index, [field, options, env, message]] of wrong.entries()) {
  test(`Tls_WrongFile${index}_IsRefusedAsAnOption`, () => {
    assert.throws(() => tlsOf(options, env), (error) => {
      assert.ok(error instanceof ControlZeroError);
      assert.deepEqual([error.reason, error.violations.map((violation) => violation.field)], ['INVALID_OPTION', [field]]);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
}
