import { readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";

/**
 * What `.dockerignore` keeps from a build, for the patterns that ours has: a path, `*`, a leading `**` for any depth, `!` for an exception.
 * A pattern holds for all below it, and the last one that matches decides.
 */
export function readIgnored(file) {
  const rules = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ ignore: !line.startsWith("!"), pattern: toPattern(line.replace(/^!/, "")) }));
  return (relative) => rules.filter((rule) => rule.pattern.test(relative)).at(-1)?.ignore ?? false;
}

const toPattern = (pattern) =>
  new RegExp(
    `^${pattern.replace(/[.+^$()|{}\\]/g, "\\$&").replace(/\*\*\/|\*/g, (star) => (star === "**/" ? "(?:.*/)?" : "[^/]*"))}(?:/.*)?$`,
  );

/** Carries out a `COPY` of a build stage: from the context, into a directory that stands for the image's working directory. */
export async function copy(context, isIgnored, step, into) {
  const sources = step.args.slice(0, -1);
  const target = path.join(into, step.args.at(-1));
  for (const source of sources) {
    if (isIgnored(source)) throw new Error(`\`COPY ${step.text}\` names \`${source}\`, which .dockerignore keeps out`);
    const to = sources.length > 1 || step.args.at(-1).endsWith("/") ? path.join(target, path.basename(source)) : target;
    await cp(path.join(context, source), to, { recursive: true, filter: (from) => !isIgnored(path.relative(context, from)) });
  }
}
