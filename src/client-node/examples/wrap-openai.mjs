// Asks a model one question through a governed OpenAI client: `node examples/wrap-openai.mjs [MODEL]`.
// Needs `npm install openai`, CONTROLZERO_API_KEY and OPENAI_API_KEY; reads CONTROLZERO_URL, CONTROLZERO_AGENT_ID and OPENAI_BASE_URL
// (`https://openrouter.ai/api/v1` for OpenRouter). Exit code: 0 allow, 2 deny, 1 no answer was possible.
import { ControlZero, PolicyDeniedError, wrapOpenAI } from '@controlzero/cluster';
import OpenAI from 'openai';

const model = process.argv[2] ?? 'openai/gpt-4';
const cz = new ControlZero();
try {
  await cz.initialize();
  const openai = wrapOpenAI(new OpenAI(), cz);
  const stream = await openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'Say hello.' }], stream: true });
  for await (const chunk of stream) {
    process.stdout.write(chunk.choices[0]?.delta.content ?? '');
  }
  process.stdout.write('\n');
} catch (error) {
  console.error(error.message);
  process.exitCode = error instanceof PolicyDeniedError ? 2 : 1;
} finally {
  await cz.close();
}
