// Asks about agents through the addresses of the environment, each until it is allowed: `node ask.mjs CLIENT-DIRECTORY AGENTS`. Prints how many were within a minute.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, agents] = process.argv.slice(2);
const { ControlZero } = await import(pathToFileURL(join(directory, 'dist', 'index.js')));
const cz = new ControlZero({ timeoutMs: 60_000 });
const begun = performance.now();
let allowed = 0;
for (let agent = 0; agent < Number(agents); agent++) {
  let decision;
  do {
    decision = await cz.check({ agentId: `node-${agent}`, action: 'llm.generate', resource: 'model/openai/gpt-4' });
  } while (!decision.allowed && performance.now() - begun < 60_000);
  allowed += decision.allowed ? 1 : 0;
}
console.log(allowed);
await cz.close();
