// Runs every compiled spec with node:test. Arguments go to node as they are: `npm test -- --test-reporter=tap`.
// A script of its own, because Node 20 neither expands globs nor takes flags after the files.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const specs = existsSync(dist)
  ? readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.spec.js')).sort().map((file) => join(dist, file))
  : [];
if (specs.length === 0) {
  console.error('no compiled spec in dist: run `npm run build` first');
  process.exit(1);
}

const run = spawnSync(process.execPath, ['--test', ...process.argv.slice(2), ...specs], { stdio: 'inherit' });
process.exit(run.status ?? 1);
