import { parse, stringify } from "yaml";

/**
 * The part of Go's templates that our chart keeps to: `if`, `with`, `define`, comments, trimming, pipelines, and the functions below.
 * What is not among them is an error, so that the chart cannot grow out of what is tested.
 */
export function createRenderer(sources) {
  const defined = {};
  const templates = Object.entries(sources).map(([name, source]) => [name, parseTemplate(source, defined)]);
  return (root) => Object.fromEntries(templates.map(([name, nodes]) => [name, render(nodes, { dot: root, root, defined })]));
}

const action = /\{\{(-)?\s*((?:"(?:[^"\\]|\\.)*"|`[^`]*`|\/\*[^]*?\*\/|[^"`}]|\}(?!\}))*?)\s*(-)?\}\}/g;

function parseTemplate(source, defined) {
  const top = [];
  const stack = [{ nodes: top, kind: "top" }];
  const text = (from, to, trimStart, trimEnd) => {
    let part = source.slice(from, to);
    if (trimStart) part = part.trimStart();
    if (trimEnd) part = part.trimEnd();
    stack.at(-1).nodes.push({ text: part });
  };
  let at = 0;
  let trim = false;
  for (const match of source.matchAll(action)) {
    text(at, match.index, trim, match[1] === "-");
    at = match.index + match[0].length;
    trim = match[3] === "-";
    const [, keyword, rest] = /^(\S*)\s*([^]*)$/.exec(match[2]);
    if (keyword === "if" || keyword === "with") {
      const node = { keyword, pipeline: parsePipeline(rest), nodes: [], otherwise: [] };
      stack.at(-1).nodes.push(node);
      stack.push({ nodes: node.nodes, kind: keyword, node });
    } else if (keyword === "define") {
      const nodes = (defined[JSON.parse(rest)] = []);
      stack.push({ nodes, kind: keyword });
    } else if (keyword === "else" && rest === "") {
      stack.at(-1).nodes = stack.at(-1).node.otherwise;
    } else if (keyword === "end") {
      if (stack.pop().kind === "top") throw new Error("`end` of nothing");
    } else if (!match[2].startsWith("/*")) {
      stack.at(-1).nodes.push({ pipeline: parsePipeline(match[2]) });
    }
  }
  text(at, source.length, trim, false);
  if (stack.length !== 1) throw new Error(`\`${stack.at(-1).kind}\` without end`);
  if (/\{\{|\}\}/.test(top.map((node) => node.text ?? "").join(""))) throw new Error("braces that are no action");
  return top;
}

// A pipeline is a list of commands, a command a list of terms: `.path`, `"text"`, number, name of a function, pipeline in brackets.
function parsePipeline(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|[()|]|[^\s()|]+/g) ?? [];
  const read = () => {
    const commands = [[]];
    while (tokens.length > 0 && tokens[0] !== ")") {
      const token = tokens.shift();
      if (token === "|") commands.push([]);
      else if (token === "(") {
        commands.at(-1).push({ pipeline: read() });
        if (tokens.shift() !== ")") throw new Error(`bracket without end in \`${text}\``);
      } else commands.at(-1).push({ token });
    }
    return commands;
  };
  return read();
}

function render(nodes, scope) {
  return nodes
    .map((node) => {
      if (node.text !== undefined) return node.text;
      const value = evaluate(node.pipeline, scope);
      if (!node.keyword) return show(value);
      if (!isTrue(value)) return render(node.otherwise, scope);
      return render(node.nodes, node.keyword === "with" ? { ...scope, dot: value } : scope);
    })
    .join("");
}

function evaluate(commands, scope) {
  let piped = [];
  for (const terms of commands) {
    const [first, ...rest] = terms;
    const args = [...rest.map((term) => valueOf(term, scope)), ...piped];
    const isFunction = first.token !== undefined && /^[a-zA-Z]/.test(first.token) && !["true", "false"].includes(first.token);
    if (isFunction && !(first.token in functions)) throw new Error(`\`${first.token}\` is no function of the tested part of templates`);
    if (!isFunction && args.length > 0) throw new Error(`\`${first.token}\` takes no arguments`);
    piped = [isFunction ? functions[first.token](args, scope) : valueOf(first, scope)];
  }
  return piped[0];
}

function valueOf(term, scope) {
  if (term.pipeline) return evaluate(term.pipeline, scope);
  const { token } = term;
  if (token.startsWith('"')) return JSON.parse(token);
  if (token.startsWith("`")) return token.slice(1, -1);
  if (/^\d+$/.test(token)) return Number(token);
  if (token === "true" || token === "false") return token === "true";
  if (token.startsWith(".") || token.startsWith("$.")) {
    let value = token.startsWith("$") ? scope.root : scope.dot;
    for (const key of token.replace(/^\$?\./, "").split(".").filter(Boolean)) {
      // helm takes what is missing for empty; a chart whose own values lack what it reads is wrong.
      if (value === null || typeof value !== "object" || !(key in value)) throw new Error(`\`${token}\` is not there`);
      value = value[key];
    }
    return value;
  }
  return evaluate([[term]], scope);
}

const isTrue = (value) => !(value === "" || value === 0 || value === false || value == null || (typeof value === "object" && Object.keys(value).length === 0));
const show = (value) => (value === null || typeof value === "object" ? String(stringify(value)) : String(value));
const indent = (count, text) => text.split("\n").map((line) => " ".repeat(count) + line).join("\n");

const functions = {
  include: ([name, dot], scope) => {
    if (!(name in scope.defined)) throw new Error(`no template \`${name}\``);
    return render(scope.defined[name], { ...scope, dot });
  },
  quote: ([value]) => JSON.stringify(String(value)),
  default: ([standard, value]) => (isTrue(value) ? value : standard),
  required: ([message, value]) => (isTrue(value) ? value : functions.fail([message])),
  fail: ([message]) => {
    throw new Error(message);
  },
  printf: ([format, ...args]) => format.replace(/%[sd]/g, () => String(args.shift())),
  toYaml: ([value]) => stringify(value).trimEnd(),
  nindent: ([count, text]) => `\n${indent(count, text)}`,
  trunc: ([count, text]) => text.slice(0, count),
  trimSuffix: ([suffix, text]) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
  int: ([value]) => Math.trunc(Number(value)),
  add: (values) => values.reduce((sum, value) => sum + value, 0),
  eq: ([left, right]) => left === right,
  lt: ([left, right]) => left < right,
  not: ([value]) => !isTrue(value),
  and: (values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (values) => values.find(isTrue) ?? values.at(-1),
};

/** The documents of a rendered file; a name that is given twice in a map is an error. */
export const documents = (text) =>
  text.split(/^---$/m).map((part) => parse(part, { uniqueKeys: true })).filter(Boolean);
