import type { Estimate } from '../settlement.js';
import { isObject } from './models.js';
import type { JsonObject } from './models.js';

/** What an inlined file or picture counts for: its text is no measure of its tokens. */
const inlinedFileTokens = 1_500;

/** Bytes of UTF-8 a token has at least, roughly: English has four, other languages and code have fewer. */
const bytesPerToken = 3;

/** Where requests say how long an answer may be. */
const outputBounds = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'] as const;

/**
 * What a request will use at most, without a tokenizer: a token for every three bytes of its body, rather too many than too few; and the
 * bound it sets for its answer, times `n`. A request without a bound says nothing of its answer: nobody knows how long it gets.
 */
export function estimateOf(action: string, body: JsonObject): Estimate {
  const inputTokens = Math.ceil(bytesOf(body) / bytesPerToken);
  if (action.startsWith('embedding')) {
    return { inputTokens, maxOutputTokens: 0 };
  }
  const bounds = outputBounds.map((name) => body[name]).filter((bound): bound is number => typeof bound === 'number' && Number.isInteger(bound) && bound > 0);
  const answers = typeof body['n'] === 'number' && Number.isInteger(body['n']) && body['n'] > 0 ? body['n'] : 1;
  return { inputTokens, ...(bounds.length > 0 && { maxOutputTokens: Math.max(...bounds) * answers }) };
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') {
    return value.startsWith('data:') ? inlinedFileTokens * bytesPerToken : Buffer.byteLength(value);
  }
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + bytesOf(item) + 1, 0);
  }
  return isObject(value) ? Object.entries(value).reduce((sum, [name, field]) => sum + name.length + bytesOf(field) + 2, 0) : 4;
}
