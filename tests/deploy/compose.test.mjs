import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import Ajv from "ajv";
import { parse } from "yaml";
import { environment, readDockerfile } from "./dockerfile.mjs";
import { cleanEnvironment, root, run, server } from "./processes.mjs";

const folder = path.join(root, "deploy/compose");
const files = ["compose.postgres.yaml", "compose.azure.yaml"];
const [, image] = readDockerfile(path.join(root, "Dockerfile"));
const read = (file) => parse(readFileSync(path.join(folder, file), "utf8"), { merge: true });
// What runs our image: the silos, and a front door without one.
const serversOf = (compose) => Object.entries(compose.services).filter(([name]) => name.startsWith("silo-") || name === "frontdoor");
const silosOf = (compose) => Object.entries(compose.services).filter(([name]) => name.startsWith("silo-"));
const seconds = (text) => Number(/^(\d+)s$/.exec(text)[1]);
let scratch, secrets;

before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "cz-compose-"));
  secrets = path.join(scratch, "secrets");
  const made = await run(path.join(folder, "make-secrets"), [secrets]);
  assert.equal(made.code, 0, made.err);
});
after(() => rm(scratch, { recursive: true, force: true }));

// The name it gives its dialect is one with `https`, which no validator knows.
function validator() {
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addFormat("duration", /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  ajv.addFormat("ports", /^[\d.:\-/a-z]+$/).addFormat("expose", /^[\d\-/a-z]+$/).addFormat("subnet_ip_address", /^[\d.:a-f/]+$/).addFormat("uri", true);
  const text = readFileSync(new URL("schemas/compose-spec.json", import.meta.url), "utf8");
  return ajv.compile(JSON.parse(text, (key, value) => (key === "$schema" ? undefined : value)));
}

for (const file of files) {
  test(`${file} is what the compose specification allows`, () => {
    const validate = validator();

    assert.ok(validate(read(file)), JSON.stringify(validate.errors, null, 1));
    const misspelt = read(file);
    misspelt.services["silo-1"].restrat = "always";
    assert.ok(!validate(misspelt));
  });

  test(`${file} uses what it declares and declares what it uses`, async () => {
    const compose = read(file);
    const services = Object.values(compose.services);
    const used = {
      secrets: services.flatMap((service) => service.secrets ?? []).map((secret) => secret.source ?? secret),
      volumes: services.flatMap((service) => service.volumes ?? []).map((volume) => volume.split(":")[0]),
      networks: services.flatMap((service) => (Array.isArray(service.networks) ? service.networks : Object.keys(service.networks))),
    };

    for (const [kind, names] of Object.entries(used)) assert.deepEqual([...new Set(names)].sort(), Object.keys(compose[kind]).sort(), kind);
    for (const service of services) for (const name of Object.keys(service.depends_on ?? {})) assert.ok(compose.services[name].healthcheck, name);
    const made = await readdir(secrets);
    for (const { file: secret } of Object.values(compose.secrets)) assert.ok(made.includes(path.basename(secret)), secret);
  });

  test(`${file}: a server takes exactly these settings, and shows no secret`, async () => {
    const compose = read(file);
    for (const [name, silo] of serversOf(compose)) {
      const mounted = Object.fromEntries(silo.secrets.map(({ source, target }) => [`/run/secrets/${target}`, path.join(secrets, path.basename(compose.secrets[source].file))]));
      const here = (text) => mounted[text] ?? text.replace(/^\/data$/, path.join(scratch, "data"));
      const variables = Object.fromEntries(Object.entries({ ...environment(image), ...silo.environment }).map(([key, value]) => [key, here(value)]));

      const end = await run(server, ["config", ...silo.command.map(here)], { env: cleanEnvironment(variables) });

      assert.equal(end.code, 0, end.err);
      const shown = Object.fromEntries(end.out.trimEnd().split("\n").map((line) => line.split(/ {2,}/)).map(([key, value]) => [key, value]));
      assert.equal(shown["Cluster:Setup"], compose.name.replace("controlzero-", ""));
      if (name === "frontdoor") assert.deepEqual([shown["Cluster:Role"], silo.profiles], ["frontdoor", ["frontdoor"]]);
      else assert.deepEqual([shown["Cluster:Role"], shown["Cluster:Name"], shown["Cluster:GatewayPort"]], ["silo", name, "30000"]);
      for (const key of ["postgres-password", "redis-password"]) assert.ok(!end.out.includes(readFileSync(path.join(secrets, key), "utf8")), key);
    }
  });

  test(`${file}: three silos, each under its own name and address, on a network for servers alone`, () => {
    const compose = read(file);
    const silos = silosOf(compose).map(([, silo]) => silo);

    assert.equal(silos.length, 3);
    for (const key of ["CONTROLZERO__CLUSTER__NAME", "CONTROLZERO__CLUSTER__SILO"]) assert.equal(new Set(silos.map((silo) => silo.environment[key])).size, 3);
    for (const silo of silos) {
      assert.equal(silo.environment.CONTROLZERO__CLUSTER__SILO, `${silo.networks.silos.ipv4_address}:11111`);
      assert.ok(silo.ports.every((port) => /:505[01]$/.test(port)), "the silo's port is not published");
    }
    assert.equal(compose.networks.silos.internal, true);
    assert.deepEqual(Object.keys(compose.services).filter((name) => JSON.stringify(compose.services[name].networks).includes("silos")), serversOf(compose).map(([name]) => name));
  });

  test(`${file}: silos run without rights and have the time to stop; all restart and are watched`, () => {
    const compose = read(file);
    for (const [, silo] of serversOf(compose)) {
      assert.deepEqual([silo.read_only, silo.cap_drop, silo.security_opt, silo.privileged, silo.user], [true, ["ALL"], ["no-new-privileges:true"], undefined, undefined]);
      assert.ok(seconds(silo.stop_grace_period) >= seconds(silo.environment.CONTROLZERO__SHUTDOWN__DRAINDELAY) + 30);
      assert.equal(silo.healthcheck, undefined, "the image's own");
    }
    for (const [name, service] of Object.entries(compose.services)) {
      assert.equal(service.restart, "unless-stopped", name);
      assert.ok(service.healthcheck || serversOf(compose).some(([server]) => server === name), name);
      for (const variable of JSON.stringify(service).match(/(?<!\$)\$\{[^}]*\}/g) ?? []) assert.match(variable, /:-/, `${variable} has a default`);
    }
  });
}

test("make-secrets writes once, into a directory that is closed to others", async () => {
  const again = await run(path.join(folder, "make-secrets"), [secrets]);

  assert.equal(again.code, 1);
  assert.match(again.err, /exists; remove it, or name another directory/);
  assert.equal((await stat(secrets)).mode & 0o777, 0o700);
  assert.ok(!existsSync(path.join(secrets, "ca.key")));
});

test("secrets of compose stay out of commits", async () => {
  const ignored = await run("git", ["check-ignore", "--quiet", "deploy/compose/secrets/postgres-password"], { cwd: root });

  assert.equal(ignored.code, 0);
});
