import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { FakeCluster, apiKey } from './testing/fake-cluster.js';
import { version } from './version.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const timeout = 120_000;
let folder: string;
let installed: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'controlzero-package-'));
  const npm = (...args: string[]): string => execFileSync('npm', [...args, '--loglevel=error'], { cwd: folder, encoding: 'utf8', timeout });
  npm('pack', root, '--ignore-scripts', '--silent');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm('install', `./controlzero-cluster-${version}.tgz`, '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
  installed = join(folder, 'node_modules', '@controlzero', 'cluster');
});
after(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, stdout: string): void => (error ? reject(error) : resolve(stdout));
    execFile(process.execPath, [join(folder, file)], { cwd: folder, env: { ...process.env, ...env }, timeout }, done);
  });
}

test('Package_InstalledInAnEmptyFolder_Works', async () => {
  const cluster = await new FakeCluster().start();
  writeFileSync(join(folder, 'use.js'), `
    import { ControlZero } from '@controlzero/cluster';
    const cz = new ControlZero();
    await cz.initialize();
    const { allowed } = await cz.enforce({ action: 'llm.generate', resource: 'model/openai/gpt-4' });
    console.log(allowed);
    await cz.close();
  `);

  const env = { CONTROLZERO_URL: cluster.url, CONTROLZERO_API_KEY: apiKey, CONTROLZERO_AGENT_ID: 'support-bot' };
  const stdout = await run('use.js', env);

  assert.equal(stdout, 'true\n');
  cluster.stop();
});

test('Package_UsedFromStrictTypeScript_Compiles', () => {
  writeFileSync(join(folder, 'use.ts'), `
    import { ControlZero, ControlZeroError, PolicyDeniedError, type Decision, type Transport } from '@controlzero/cluster';
    const cz = new ControlZero({ apiKey: process.env['KEY'], obligations: ['redact'] });
    const decision: Decision = await cz.check({ agentId: 'a', action: 'b', resource: 'c', context: { d: [1] } }, { signal: AbortSignal.timeout(5) });
    const [outcome] = await cz.checkBatch([{ action: 'b', candidateResources: ['c', 'd'], dryRun: true }]);
    export const said: string | undefined = outcome?.decision ? outcome.decision.deniedResource : outcome?.error.message;
    // @ts-expect-error a context holds what JSON can say
    await cz.enforce({ action: 'b', context: { when: new Date() } });
    export const shown: [string, bigint, typeof ControlZeroError, typeof PolicyDeniedError, Transport?] =
      [decision.ruleId, BigInt(decision.policyEpoch), ControlZeroError, PolicyDeniedError];
  `);
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const types = join(root, 'node_modules', '@types');
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023', '--types', 'node'];

  const output = execFileSync(process.execPath, [tsc, ...flags, '--typeRoots', types, 'use.ts'], { cwd: folder, encoding: 'utf8', timeout });

  assert.equal(output, '');
});

test('Package_Contents_AreTheLibraryItsLicenceAndItsWords', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });

  assert.deepEqual(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'dist', 'examples', 'package.json']);
  assert.deepEqual(files.filter((file) => /\.spec\.|testing/.test(file)), []);
  assert.ok(files.includes(join('dist', 'gen', 'controlzero', 'v1', 'enforcement_pb.js')));
});

test('Package_Version_IsTheOneTheClientTells', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

  assert.equal(version, manifest.version);
});
