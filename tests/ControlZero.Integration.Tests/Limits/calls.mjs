// Makes calls through a governed OpenAI client: `node calls.mjs CLIENT-DIRECTORY MODEL CALL…`, where a call is `whole` or `stream`. Prints a line of JSON each.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [directory, model, ...calls] = process.argv.slice(2);
const { ControlZero, PolicyDeniedError, wrapOpenAI } = await import(pathToFileURL(join(directory, 'dist', 'index.js')));
const { default: OpenAI } = await import(pathToFileURL(createRequire(join(directory, 'package.json')).resolve('openai')));

for (const call of calls) {
  const cz = new ControlZero({ timeoutMs: 60_000 }); // no test waits for a busy machine
  const openai = wrapOpenAI(new OpenAI({ maxRetries: 0 }), cz);
  const request = { model, messages: [{ role: 'user', content: 'hi' }] };
  try {
    let said = '';
    if (call === 'stream') {
      for await (const chunk of await openai.chat.completions.create({ ...request, stream: true })) {
        said += chunk.choices[0]?.delta.content ?? '';
      }
    } else {
      said = (await openai.chat.completions.create(request)).choices[0].message.content;
    }
    console.log(JSON.stringify({ said }));
  } catch (error) {
    const { reasonCode, reason, retryAfterMs = null, limits } = error instanceof PolicyDeniedError ? error.decision : {};
    console.log(JSON.stringify(reasonCode === undefined ? { failed: error.status ?? String(error) } : { denied: reasonCode, reason, retryAfterMs, limits: limits.length }));
  } finally {
    await cz.close(); // waits for what is being settled
  }
}
