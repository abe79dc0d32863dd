import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ControlZero } from './control-zero.js';
import { ControlZeroError } from './errors.js';

const folder = mkdtempSync(join(tmpdir(), 'cz-untrusted-'));
let server: Http2SecureServer;
let port = 0;

before(async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=somebody', '-addext', 'subjectAltName=DNS:somebody.example'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

for (const [name, ca] of [['OfNoAuthority', undefined], ['OfAnotherName', 'its own']] as const) {
  test(`Check_OfAServer${name}_AllowsNothing_AlsoWhereAnOutageWould`, async () => {
    const trusted = ca === undefined ? {} : { ca: readFileSync(join(folder, 'cert.pem')) };
    const cz = new ControlZero({
      url: `https://127.0.0.1:${port}`, apiKey: 'cz_test_key_secret', agentId: 'bot', onUnavailable: 'allow', timeoutMs: 10_000, ...trusted,
    });

    await assert.rejects(cz.check({ action: 'llm.generate', resource: 'model/a' }), (error) => {
      assert.ok(error instanceof ControlZeroError);
      assert.deepEqual([error.code, error.reason], ['INTERNAL', 'SERVER_NOT_TRUSTED']);
      assert.match(error.message, /the server's certificate is not trusted: /);
      return true;
    });
    await cz.close();
  });
}

test('Check_OfAServerThatIsNotThere_IsAnOutageAsBefore', async () => {
  const cz = new ControlZero({ url: 'https://127.0.0.1:1', apiKey: 'cz_test_key_secret', agentId: 'bot', onUnavailable: 'allow', timeoutMs: 10_000 });

  assert.equal((await cz.check({ action: 'llm.generate', resource: 'model/a' })).allowed, true);
  await cz.close();
});
