// Asks once whether the agent of the environment may use a model: `node examples/enforce.mjs [MODEL]`.
// Needs CONTROLZERO_API_KEY; reads CONTROLZERO_URL and CONTROLZERO_AGENT_ID. Exit code: 0 allow, 2 deny, 1 no decision was possible.
import { ControlZero, PolicyDeniedError } from '@controlzero/cluster';

const model = process.argv[2] ?? 'openai/gpt-4';
const cz = new ControlZero();
try {
  await cz.initialize();
  const decision = await cz.enforce({ action: 'llm.generate', resource: `model/${model}` });
  console.log(`${model} allow ${decision.ruleId} ${decision.reasonCode}`);
} catch (error) {
  if (error instanceof PolicyDeniedError) {
    console.log(error.ruleId);
  }
  console.error(error.message);
  process.exitCode = error instanceof PolicyDeniedError ? 2 : 1;
} finally {
  await cz.close();
}
