import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('Protos_OfThisRepository_PassBufLint', () => {
  const buf = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');
  const protos = fileURLToPath(new URL('../../../protos', import.meta.url));

  const { status, stdout, stderr } = spawnSync(process.execPath, [buf, 'lint', protos], { encoding: 'utf8', timeout: 60_000 });

  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});
