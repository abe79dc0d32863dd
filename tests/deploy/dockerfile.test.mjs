import assert from "node:assert/strict";
import { chmod, chown, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { copy, readIgnored } from "./context.mjs";
import { environment, readDockerfile, steps } from "./dockerfile.mjs";
import { cleanEnvironment, root, run, start } from "./processes.mjs";

const [build, image] = readDockerfile(path.join(root, "Dockerfile"));
const isIgnored = readIgnored(path.join(root, ".dockerignore"));
const user = 1654;
const minutes = (count) => ({ timeout: count * 60_000 });
let scratch;

before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "cz-image-"));
  await chmod(scratch, 0o755);
});
after(async () => {
  await run("chmod", ["-R", "u+w", scratch]);
  await rm(scratch, { recursive: true, force: true });
});

// The image's absolute paths, under a directory of this test's own.
const moved = (text) => text.replaceAll(/(?<=^|[\s"=])\/(app|data)\b/g, `${scratch}/$1`);

// Without rights, as in the image. Whoever runs the tests without rights has none to give up.
const unprivileged = (program, args, env, signal) => {
  const options = { cwd: scratch, env, signal };
  return process.getuid() === 0
    ? start("setpriv", [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", program, ...args], options)
    : start(program, args, options);
};

const imageEnvironment = (variables) =>
  cleanEnvironment({ ...Object.fromEntries(Object.entries(environment(image)).map(([name, value]) => [name, moved(value)])), ...variables });

test("build stage, carried out step by step, publishes the server", minutes(20), async ({ signal }) => {
  const source = path.join(scratch, "source");
  const env = cleanEnvironment({ ...environment(build), MSBUILDDISABLENODEREUSE: "1", UseSharedCompilation: "false" });
  for (const step of build.steps) {
    if (step.keyword === "COPY") await copy(root, isIgnored, step, source);
    if (step.keyword === "RUN") {
      const end = await run("sh", ["-c", moved(step.text)], { cwd: source, env, signal });
      assert.equal(end.code, 0, `RUN ${step.text}\n${end.out}\n${end.err}`);
    }
  }

  const published = await readdir(path.join(scratch, "app"));
  assert.ok(published.includes("ControlZero.Server"), published.join(" "));
  assert.deepEqual(published.filter((file) => /test|appsettings|\.key$|\.db$/i.test(file)), []);
});

test("published server, without rights and on read-only files, serves and passes the image's health check", minutes(5), async ({ signal }) => {
  assert.equal((await run("chmod", ["-R", "a-w,a+rX", path.join(scratch, "app")])).code, 0);
  if (process.getuid() === 0) await chown(path.join(scratch, "data"), user, user);
  const [entry, check] = [steps(image, "ENTRYPOINT")[0].words, healthCheck()].map((words) => words.map(moved));
  const variables = {
    CONTROLZERO__LISTEN__GRPC: "127.0.0.1:0",
    CONTROLZERO__LISTEN__HTTP: "127.0.0.1:0",
    CONTROLZERO__FRESHNESS__BOUND: "5m",
  };
  const serving = unprivileged(entry[0], entry.slice(1), imageEnvironment(variables), signal);
  try {
    const page = new URL(await serving.line("  health  "));
    const asked = imageEnvironment({ ...variables, CONTROLZERO__LISTEN__HTTP: page.host });

    // A slow machine may take longer than a server should: asked until it is ready, and the test's own time bounds that.
    let end;
    do end = await unprivileged(check[0], check.slice(1), asked, signal).ended;
    while (end.code !== 0);
    assert.equal(end.out, "ready\n");
    assert.ok((await readdir(path.join(scratch, "app"))).every((file) => !/\.db|\.key|lock$/.test(file)));
  } finally {
    serving.child.kill("SIGTERM");
  }

  const stopped = await serving.ended;
  assert.equal(stopped.code, 0, stopped.err);
  const unreachable = await unprivileged(check[0], check.slice(1), imageEnvironment({ ...variables, CONTROLZERO__LISTEN__HTTP: "127.0.0.1:1" }), signal).ended;
  assert.equal(unreachable.code, 1);
});

test("image without further settings does not serve the network in the clear", minutes(5), async ({ signal }) => {
  const end = await unprivileged(moved(steps(image, "ENTRYPOINT")[0].words[0]), ["config"], imageEnvironment(), signal).ended;

  assert.equal(end.code, 1);
  const messages = end.err.trimEnd().split("\n").map((line) => JSON.parse(line).Message);
  assert.deepEqual(messages.map((message) => message.split(" ")[0]), ["Listen:Grpc", "Listen:Http"]);
  assert.ok(messages.every((message) => message.includes("Tls:CertificateFile")));
});

test("image has no shell to need, no rights, and nothing of the build but what was published", () => {
  assert.equal(steps(image, "USER")[0].args[0], `${user}:${user}`);
  assert.match(image.from, /^mcr\.microsoft\.com\/dotnet\/aspnet:[0-9.]+-[a-z]+-chiseled-extra$/);
  assert.deepEqual(steps(image, "RUN"), []);
  assert.deepEqual(steps(image, "COPY").map((step) => [step.flags.from, ...step.args]), [["build", "/app", "/app"], ["build", "/data", "/data"]]);
  assert.deepEqual(healthCheck(), [...steps(image, "ENTRYPOINT")[0].words, "health"]);
  const { DOTNET_EnableDiagnostics: diagnostics, CONTROLZERO__LISTEN__GRPC: grpc, CONTROLZERO__LISTEN__HTTP: http } = environment(image);
  assert.equal(diagnostics, "0");
  assert.deepEqual(steps(image, "EXPOSE")[0].args, [grpc, http].map((address) => address.split(":")[1]));
});

test("SDK and runtime of the images are of the version that the build asks for", async () => {
  const { sdk } = JSON.parse(await readFile(path.join(root, "global.json"), "utf8"));
  const wanted = sdk.version.split(".").slice(0, 2).join(".");

  assert.deepEqual([build.from, image.from].map((from) => /:(\d+\.\d+)/.exec(from)[1]), [wanted, wanted]);
});

test("build context holds no secrets, no data and no build output", () => {
  for (const file of [".git/config", "data/admin.key", "artifacts/bin/x.dll", "deploy/compose/.env", "tests/run", "src/client-node/package.json", "src/X/obj/a", "src/X/bin/a"]) {
    assert.ok(isIgnored(file), file);
  }
  for (const file of ["src/ControlZero.Server/Program.cs", "src/ControlZero.Server/packages.lock.json", "protos/controlzero/v1/cluster.proto", "global.json"]) {
    assert.ok(!isIgnored(file), file);
  }
});

// The exec form of HEALTHCHECK's CMD, which the parser gives as text.
function healthCheck() {
  const [step] = steps(image, "HEALTHCHECK");
  return JSON.parse(step.text.slice(step.text.indexOf("[")));
}
