import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

import type { FieldViolation } from './errors.js';

/** A fact for a policy's conditions: what JSON can say. */
export type ContextValue = string | number | boolean | null | readonly ContextValue[] | Context;

/** Facts for a policy's conditions, by name. */
export interface Context {
  readonly [name: string]: ContextValue;
}

/** Far beyond what the server takes; it only stops a structure that contains itself. */
const deepest = 64;

/**
 * Copies a context as the JSON it must be. What JSON has no word for is a violation and never left out: a condition
 * that does not see its key does not match, and a deny would be lost.
 */
export function toJson(context: Context, violations: FieldViolation[]): JsonObject {
  return copyObject(context, 'context', 1, violations);
}

function copyObject(source: object, path: string, depth: number, violations: FieldViolation[]): JsonObject {
  const entries = Object.entries(source).map(([name, value]) => {
    checkText(name, `${path}.${name}`, violations);
    return [name, copy(value, `${path}.${name}`, depth, violations)] as const;
  });
  return Object.fromEntries(entries);
}

function copy(value: unknown, path: string, depth: number, violations: FieldViolation[]): JsonValue {
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
    return value;
  }
  if (typeof value === 'string') {
    checkText(value, path, violations);
    return value;
  }
  if (depth >= deepest) {
    refuse(path, `is nested deeper than ${deepest} levels; does it contain itself?`, violations);
    return null;
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => copy(item, `${path}[${index}]`, depth + 1, violations));
  }
  if (isPlainObject(value)) {
    return copyObject(value, path, depth + 1, violations);
  }
  const what = typeof value === 'object' ? value.constructor.name : String(value);
  refuse(path, `is \`${what}\`; give a string, a finite number, a boolean, null, a list or a plain object, or leave the key out`, violations);
  return null;
}

/** A lone surrogate cannot be sent: it would arrive as another character. */
export function checkText(text: string, path: string, violations: FieldViolation[]): void {
  if (/\p{Surrogate}/u.test(text)) {
    refuse(path, 'has half of a surrogate pair; give well-formed Unicode', violations);
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function refuse(field: string, problem: string, violations: FieldViolation[]): void {
  violations.push({ field, description: `\`${field}\` ${problem}` });
}
