import { invalidArgument } from '../errors.js';
import type { FieldViolation } from '../errors.js';

/** A request body as JSON has it: a copy nobody else holds. */
export type JsonObject = { readonly [key: string]: unknown };

/** Fields that list models to fall back to: OpenRouter's, LiteLLM's. */
const listFields = ['models', 'fallbacks'] as const;

/** Models a request may name at most: as many candidates as one question takes. */
const mostModels = 64;

/**
 * Every model the provider may use for this body, the named one first, each once. All are taken literally:
 * `openrouter/auto` and `@preset/…` are names like any other.
 * @throws ControlZeroError `INVALID_ARGUMENT` (`MODEL_REQUIRED`) with every field that names no model, or too many
 */
export function modelsOf(body: JsonObject, chosenByAddress: readonly unknown[]): string[] {
  const violations: FieldViolation[] = [];
  const models: string[] = [];
  if (isName(body['model'])) {
    models.push(body['model']);
  } else {
    const given = body['model'] === undefined ? 'is missing' : `is \`${shown(body['model'])}\``;
    violations.push({ field: 'model', description: `\`model\` ${given}; name the model, for example \`openai/gpt-4\`, so that it can be decided on` });
  }
  models.push(...chosenByAddress.filter(isName), ...alternatives(body, '', violations));
  const { extra_body: extra } = body;
  if (isObject(extra)) {
    models.push(...(extra['model'] === undefined ? [] : names([extra['model']], 'extra_body.model', violations)));
    models.push(...alternatives(extra, 'extra_body.', violations));
  }
  const distinct = [...new Set(models)];
  if (distinct.length > mostModels) {
    violations.push({ field: 'models', description: `the request names \`${distinct.length}\` models; it may name ${mostModels}, send fewer fallbacks` });
  }
  if (violations.length > 0) {
    throw invalidArgument('MODEL_REQUIRED', violations);
  }
  return distinct;
}

/** Whether a value is a JSON object, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function alternatives(body: JsonObject, prefix: string, violations: FieldViolation[]): string[] {
  const found: string[] = [];
  for (const field of listFields) {
    const list = body[field] ?? [];
    if (Array.isArray(list)) {
      found.push(...names(list, `${prefix}${field}`, violations));
    } else {
      violations.push({ field: `${prefix}${field}`, description: `\`${prefix}${field}\` is \`${shown(list)}\`; it takes a list of model names` });
    }
  }
  const preset = body['preset'] ?? undefined;
  return preset === undefined ? found : [...found, ...names([preset], `${prefix}preset`, violations).map((name) => `@preset/${name}`)];
}

function names(values: readonly unknown[], field: string, violations: FieldViolation[]): string[] {
  return values.flatMap((value) => {
    const name = isObject(value) ? value['model'] : value;
    if (isName(name)) {
      return [name];
    }
    violations.push({ field, description: `\`${field}\` holds \`${shown(value)}\`, which names no model; write the model's name or leave it out` });
    return [];
  });
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)?.slice(0, 80) ?? String(value);
}
