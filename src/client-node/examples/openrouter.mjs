// Asks which models an agent may use and prints a line each: model, decision, rule, reason code.
// Needs CONTROLZERO_API_KEY; reads CONTROLZERO_URL and CONTROLZERO_AGENT_ID.
import { ControlZero } from '@controlzero/cluster';

const models = ['anthropic/claude-sonnet-4-20250514', 'anthropic/claude-opus-4-20250514', 'google/gemini-pro'];

const cz = new ControlZero();
await cz.initialize();
for (const model of models) {
  const { decision, ruleId, reasonCode } = await cz.check({ action: 'llm.generate', resource: `model/${model}` });
  console.log(model, decision, ruleId, reasonCode);
}
await cz.close();
