// Asks under epochs in every way the Node client has: `node epochs.mjs CLIENT-DIRECTORY REACHED FAR`, both decimals. Prints a line of JSON for each way.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, reached, far] = process.argv.slice(2);
const { ControlZero } = await import(pathToFileURL(join(directory, 'dist', 'index.js')));
const cz = new ControlZero({ timeoutMs: 60_000, onUnavailable: 'allow' }); // no test waits for a busy machine
const stream = cz.openStream();
const question = (minPolicyEpoch) => ({ action: 'llm.generate', resource: 'model/openai/gpt-4', minPolicyEpoch });
const single = (ask) => (asked) => ask(asked).then((decision) => ({ decision }), (error) => ({ error }));
const ways = {
  check: single((asked) => cz.check(asked)),
  enforce: single((asked) => cz.enforce(asked)),
  checkBatch: async (asked) => (await cz.checkBatch([asked]))[0],
  'stream.check': single((asked) => stream.check(asked)),
};

for (const [way, ask] of Object.entries(ways)) {
  const { decision } = await ask(question(reached));
  const asBigInt = await ask(question(BigInt(decision.policyEpoch)));
  const { error } = await ask(question(far));
  console.log(JSON.stringify({
    way, allowed: decision.allowed && asBigInt.decision.allowed, epoch: decision.policyEpoch, code: error?.code, reason: error?.reason, metadata: error?.metadata,
  }));
}
await cz.close();
