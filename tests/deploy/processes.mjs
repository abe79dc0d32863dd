import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import path from "node:path";

/** The top of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** The server as it was built for the tests. */
export const server = path.join(root, "artifacts/bin/ControlZero.Server/release/ControlZero.Server");

/** This environment without anything that would configure a server or a client of ours, and with what is given. */
export const cleanEnvironment = (variables) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CONTROLZERO|NODE_)/i.test(name))),
  ...variables,
});

/** A program that runs: its output is kept, and `ended` is fulfilled with all of it. The signal of a test that took too long ends it. */
export function start(program, args, { cwd, env = cleanEnvironment(), signal } = {}) {
  const child = spawn(program, args, { cwd, env, signal, stdio: ["ignore", "pipe", "pipe"] });
  const running = { child, out: "", err: "" };
  const waiting = [];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    running.out += text;
    waiting.forEach((look) => look());
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (running.err += text));
  running.ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, out: running.out, err: running.err }));
  });
  /** The rest of the first whole line of stdout that begins so. */
  running.line = (begin) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const line = running.out.split("\n").slice(0, -1).find((each) => each.startsWith(begin));
        if (line !== undefined) resolve(line.slice(begin.length));
      };
      waiting.push(look);
      look();
      running.ended.then((end) => reject(new Error(`\`${program}\` ended before it wrote \`${begin}\`: ${JSON.stringify(end)}`)), reject);
    });
  return running;
}

/** Runs a program to its end. */
export const run = (program, args, options) => start(program, args, options).ended;
