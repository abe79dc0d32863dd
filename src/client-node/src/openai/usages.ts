import type { Usage } from '../settlement.js';
import { isObject } from './models.js';
import type { JsonObject } from './models.js';

/** What an answer, or a part of a streamed one, says of itself. */
export interface Report {
  readonly usage?: Usage;
  readonly model?: string;
}

/** Nano-dollars of a dollar. */
const nanosPerDollar = 1_000_000_000;

/** Reads an answer or an event of a stream: OpenAI's forms, and Anthropic's, which counts cached tokens beside the others. */
export function reportOf(answer: unknown, action: string): Report {
  if (!isObject(answer)) {
    return {};
  }
  const inner = [answer['response'], answer['message']].find(isObject); // an event that holds the whole answer
  const model = [answer['model'], inner?.['model']].find((name) => typeof name === 'string' && name !== '') as string | undefined;
  const reported = [answer['usage'], inner?.['usage']].find(isObject);
  const usage = reported && usageOf(reported, action);
  return { ...(usage && { usage }), ...(model !== undefined && { model }) };
}

/** Puts a later report over an earlier one: Anthropic's streams tell the prompt first and the answer last. */
export function merged(earlier: Report, later: Report): Report {
  return { ...earlier, ...later, ...((earlier.usage ?? later.usage) && { usage: { ...earlier.usage, ...later.usage } }) };
}

function usageOf(usage: JsonObject, action: string): Usage {
  const details = (name: string): JsonObject => [usage[`${name}_details`]].find(isObject) ?? {};
  const input = { ...details('prompt_tokens'), ...details('input_tokens') };
  const output = { ...details('completion_tokens'), ...details('output_tokens') };
  const [read, written] = [count(usage['cache_read_input_tokens']), count(usage['cache_creation_input_tokens'])];
  const beside = (read ?? 0) + (written ?? 0);
  const plain = count(usage['prompt_tokens']) ?? count(usage['input_tokens']);
  const cost = usage['cost'];
  return known({
    inputTokens: plain === undefined ? undefined : plain + beside,
    outputTokens: count(usage['completion_tokens']) ?? count(usage['output_tokens']) ?? (action.startsWith('embedding') ? 0 : undefined),
    cachedInputTokens: count(input['cached_tokens']) ?? read,
    cacheWriteTokens: count(input['cache_write_tokens']) ?? written,
    reasoningTokens: count(output['reasoning_tokens']),
    costNanosUsd: typeof cost === 'number' && cost >= 0 ? Math.ceil(Number((cost * nanosPerDollar).toPrecision(15))) : undefined, // OpenRouter bills so
  });
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function known(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, figure]) => figure !== undefined));
}
