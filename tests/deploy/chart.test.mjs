import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import Ajv from "ajv";
import { parse } from "yaml";
import { environment, readDockerfile, steps } from "./dockerfile.mjs";
import { faultsOf } from "./kubernetes.mjs";
import { cleanEnvironment, root, run, server } from "./processes.mjs";
import { createRenderer, documents } from "./template.mjs";

const folder = path.join(root, "deploy/kubernetes/controlzero-cluster");
const read = (file) => readFileSync(path.join(folder, file), "utf8");
const chart = parse(read("Chart.yaml"));
const [, image] = readDockerfile(path.join(root, "Dockerfile"));
const render = createRenderer(Object.fromEntries(readdirSync(path.join(folder, "templates")).map((file) => [file, read(`templates/${file}`)])));

const merge = (left, right) =>
  right && typeof right === "object" && !Array.isArray(right) && left && !Array.isArray(left)
    ? Object.fromEntries([...new Set([...Object.keys(left), ...Object.keys(right)])].map((key) => [key, key in right ? merge(left[key], right[key]) : left[key]]))
    : right;
const least = { firstKey: { existingSecret: "first-key" }, tls: { existingSecret: "certificate" }, postgres: { existingSecret: "database" } };
const values = (own) => merge(parse(read("values.yaml")), own);
const manifests = (own) =>
  Object.values(render({
    Values: values(own),
    Release: { Name: "decisions", Namespace: "agents", Service: "Helm" },
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
  })).flatMap(documents);
const of = (kind, all) => all.filter((manifest) => manifest.kind === kind);
const containerOf = (all) => of("StatefulSet", all)[0].spec.template.spec.containers[0];
// Silos, and front doors where there are any.
const workloadsOf = (all) => [...of("StatefulSet", all), ...of("Deployment", all)];
const finds = (selector, workload) => Object.entries(selector).every(([key, value]) => workload.spec.template.metadata.labels[key] === value);

// Sets of values that between them take every branch.
const sets = {
  "PostgreSQL": least,
  "Azure by connection strings, client certificates, everything on": {
    ...least,
    cluster: { setup: "azure" },
    postgres: {},
    azure: { existingSecret: "account" },
    audit: { signingKeySecret: "audit-signing", retainFor: "400d", container: "decisions-log" },
    redis: { existingSecret: "membership" },
    tls: { existingSecret: "certificate", clientCaSecret: "clients" },
    imagePullSecrets: [{ name: "registry" }],
    autoscaling: { enabled: true },
    frontDoor: { enabled: true, autoscaling: { enabled: true } },
    dataVolume: { size: "20Gi", storageClassName: "fast" },
    serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
    ingress: { enabled: true, host: "decisions.example.com", className: "nginx", tlsSecret: "public", annotations: { "nginx.ingress.kubernetes.io/backend-protocol": "GRPCS" } },
    networkPolicy: { clients: [{ namespaceSelector: { matchLabels: { agents: "true" } } }], monitoring: [{ namespaceSelector: {} }] },
    service: { type: "LoadBalancer", annotations: { a: "b" } },
    telemetry: { otlpEndpoint: "http://collector.monitoring:4317" },
    podLabels: { "azure.workload.identity/use": "true" },
    podAnnotations: { a: "b" },
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "agents", operator: "Exists" }],
    affinity: { nodeAffinity: {} },
    priorityClassName: "high",
    serviceAccount: { annotations: { a: "b" } },
    extraEnv: [{ name: "CONTROLZERO__FRESHNESS__BOUND", value: "3s" }],
  },
  "Azure by identity with membership in PostgreSQL, in a mesh": {
    ...least,
    cluster: { setup: "azure", kubernetes: false, allowInsecure: true },
    azure: { tableEndpoint: "https://a.table.core.windows.net", blobEndpoint: "https://a.blob.core.windows.net" },
    tls: { allowInsecure: true },
    networkPolicy: { enabled: false },
    frontDoor: { enabled: true, replicas: 4 },
    dataVolume: { size: "20Gi" },
    image: { tag: "1.2.3" },
  },
  "PostgreSQL with the audit log in an account of its own": { ...least, audit: { existingSecret: "account" }, frontDoor: { enabled: true } },
};

let scratch;
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "cz-chart-"));
  const made = await run(path.join(root, "deploy/compose/make-secrets"), [path.join(scratch, "secrets")]);
  assert.equal(made.code, 0, made.err);
  await writeFile(path.join(scratch, "secrets", "signing.pem"), generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
});
after(() => rm(scratch, { recursive: true, force: true }));

// What the server itself says of the variables of a workload's pods.
async function configOf(workload) {
  const { env } = workload.spec.template.spec.containers[0];
  const secret = { "database/connection": "Host=a;Password=hunter2", "account/connection": "UseDevelopmentStorage=true", "membership/connection": "redis:6379,password=hunter2" };
  const pod = { "metadata.name": "decisions-0", "metadata.namespace": "agents", "status.podIP": "10.1.2.3" };
  const file = { "/etc/controlzero/tls/tls.crt": "server.pem", "/etc/controlzero/tls/tls.key": "server.key", "/etc/controlzero/client-ca/ca.crt": "ca.pem", "/etc/controlzero/audit/signing.pem": "signing.pem" };
  const variables = { ...environment(image), CONTROLZERO__DATA__DIRECTORY: path.join(scratch, "data"), KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  for (const { name: key, value, valueFrom } of env) {
    const found = value ?? pod[valueFrom.fieldRef?.fieldPath] ?? secret[`${valueFrom.secretKeyRef?.name}/${valueFrom.secretKeyRef?.key}`];
    assert.notEqual(found, undefined, key);
    const here = file[found] ? path.join(scratch, "secrets", file[found]) : found;
    variables[key] = here.replace(/\$\((\w+)\)/g, (_, other) => variables[other]);
  }

  const end = await run(server, ["config"], { env: cleanEnvironment(variables) });

  assert.equal(end.code, 0, end.err);
  assert.ok(!end.out.includes("hunter2"));
  return end.out;
}

for (const [name, own] of Object.entries(sets)) {
  test(`${name}: values are as their schema wants them`, () => {
    const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(read("values.schema.json")));

    assert.ok(validate(values(own)), JSON.stringify(validate.errors));
    assert.ok(!validate(merge(values(own), { tls: { existingSecert: "x" } })));
  });

  test(`${name}: manifests are objects that Kubernetes knows, named once`, () => {
    const all = manifests(own);

    // The operator's own kind has no schema here.
    for (const manifest of all.filter(({ kind }) => kind !== "ServiceMonitor")) assert.deepEqual(faultsOf(manifest), [], manifest.kind);
    const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    assert.deepEqual(names, [...new Set(names)]);
  });

  test(`${name}: a server takes exactly these settings`, async () => {
    const [silo, door] = await Promise.all(workloadsOf(manifests(own)).map((workload) => configOf(workload)));

    assert.match(silo, /^Cluster:Silo +10\.1\.2\.3:11111 /m);
    assert.match(silo, /^Cluster:Name +decisions-0 /m);
    assert.match(silo, own.frontDoor ? /^Cluster:GatewayPort +30000 /m : /^Cluster:GatewayPort +0 /m);
    if (own.frontDoor) assert.match(door, /^Cluster:Role +frontdoor /m);
  });

  test(`${name}: pods run without rights, and have the time to stop`, () => {
    const all = manifests(own);
    assert.deepEqual(of("Role", all).flatMap((role) => role.rules), own.cluster?.kubernetes === false ? [] : [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }]);
    for (const workload of workloadsOf(all)) {
      const pod = workload.spec.template.spec;
      const [container] = pod.containers;

      assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
      assert.equal(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`, steps(image, "USER")[0].args[0]);
      assert.deepEqual([pod.securityContext.runAsNonRoot, pod.enableServiceLinks], [true, false]);
      assert.equal(pod.automountServiceAccountToken, workload.kind === "StatefulSet" && of("Role", all).length === 1);
      const drain = container.env.find(({ name: key }) => key === "CONTROLZERO__SHUTDOWN__DRAINDELAY").value;
      assert.ok(pod.terminationGracePeriodSeconds >= Number.parseInt(drain, 10) + 30);
      assert.ok(container.resources.requests.cpu && !container.resources.limits.cpu);
      assert.deepEqual(
        ["startup", "readiness", "liveness"].map((probe) => container[`${probe}Probe`].httpGet.path),
        ["/health/startup", "/health/ready", "/health/live"]);
      const mounted = container.volumeMounts.map((mount) => mount.name).sort();
      const disks = (workload.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name);
      assert.deepEqual(mounted, [...pod.volumes.map((volume) => volume.name), ...disks].sort());
      assert.deepEqual(disks, workload.kind === "StatefulSet" && own.dataVolume ? ["data"] : []);
    }
  });

  test(`${name}: selectors find the pods and ports there are`, () => {
    const all = manifests(own);
    const { labels } = of("StatefulSet", all)[0].spec.template.metadata;
    const found = (selector) => workloadsOf(all).filter((workload) => finds(selector, workload));

    assert.deepEqual([labels["orleans/serviceId"], labels["orleans/clusterId"]], ["controlzero", "controlzero"]);
    for (const workload of workloadsOf(all)) assert.deepEqual(found(workload.spec.selector.matchLabels), [workload]);
    for (const service of of("Service", all)) {
      const [workload, ...others] = found(service.spec.selector);
      assert.deepEqual([others, workload.kind], [[], service.metadata.name.includes("frontdoor") ? "Deployment" : "StatefulSet"]);
      const ports = workload.spec.template.spec.containers[0].ports.map((port) => port.name);
      assert.ok(service.spec.ports.every((port) => ports.includes(port.targetPort) && !["silo", "gateway"].includes(port.name)));
    }
    assert.equal(of("PodDisruptionBudget", all).length, workloadsOf(all).length);
    for (const { spec } of of("PodDisruptionBudget", all)) assert.equal(found(spec.selector.matchLabels).length, 1);
    for (const monitor of of("ServiceMonitor", all)) {
      assert.equal(of("Service", all).filter((service) => Object.entries(monitor.spec.selector.matchLabels).every(([key, value]) => service.metadata.labels[key] === value)).length, 1);
    }
    for (const { spec } of of("HorizontalPodAutoscaler", all)) {
      assert.equal(workloadsOf(all).filter(({ kind, metadata }) => kind === spec.scaleTargetRef.kind && metadata.name === spec.scaleTargetRef.name).length, 1);
    }
    for (const ingress of of("Ingress", all)) {
      const { name: target } = ingress.spec.rules[0].http.paths[0].backend.service;
      const [service] = of("Service", all).filter(({ metadata }) => metadata.name === target);
      assert.equal(found(service.spec.selector)[0].kind, own.frontDoor ? "Deployment" : "StatefulSet");
    }
    const [silos] = of("StatefulSet", all);
    assert.equal(silos.spec.serviceName, of("Service", all).find(({ spec }) => spec.clusterIP === "None" && finds(spec.selector, silos)).metadata.name);
  });
}

test("network policies let nobody but silos to the silo's port, and nobody but front doors to the gateway", () => {
  for (const own of Object.values(sets).slice(0, 2)) {
    const all = manifests(own);
    const [silos, doors] = workloadsOf(all);
    const policyOf = (workload) => of("NetworkPolicy", all).filter((policy) => finds(policy.spec.podSelector.matchLabels, workload));
    const open = (policy, port) => policy.spec.ingress.filter((rule) => !rule.ports || rule.ports.some((each) => each.port === port));
    const [policy, ...others] = policyOf(silos);

    assert.deepEqual(others, []);
    assert.deepEqual(open(policy, "silo"), [{ from: [{ podSelector: silos.spec.selector }], ports: [{ port: "silo" }] }]);
    assert.deepEqual(open(policy, "gateway"), doors ? [{ from: [{ podSelector: doors.spec.selector }], ports: [{ port: "gateway" }] }] : []);
    if (doors) assert.deepEqual(policyOf(doors).flatMap((each) => each.spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port))), ["grpc", "http"]);
  }
});

test("TLS between servers: silos and front doors have the same files, and nobody is told to do without", () => {
  for (const workload of workloadsOf(manifests({ ...least, cluster: { tls: { existingSecret: "peers" } }, frontDoor: { enabled: true } }))) {
    const { containers: [container], volumes } = workload.spec.template.spec;
    const variables = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

    assert.deepEqual(
      ["CERTIFICATEFILE", "KEYFILE", "CAFILE"].map((key) => variables[`CONTROLZERO__CLUSTER__TLS__${key}`]),
      ["tls.crt", "tls.key", "ca.crt"].map((file) => `/etc/controlzero/cluster-tls/${file}`));
    assert.equal(variables.CONTROLZERO__CLUSTER__ALLOWINSECURE, undefined);
    assert.equal(volumes.find((volume) => volume.name === "cluster-tls").secret.secretName, "peers");
  }
});

for (const [what, own, why] of [
  ["no first key", { firstKey: { existingSecret: "" } }, /firstKey\.existingSecret is missing/],
  ["no certificate", { tls: { existingSecret: "" } }, /tls\.existingSecret is missing/],
  ["client certificates without TLS", { tls: { existingSecret: "", allowInsecure: true, clientCaSecret: "clients" } }, /needs tls\.existingSecret/],
  ["no database", { postgres: { existingSecret: "" } }, /postgres\.existingSecret is missing/],
  ["no account", { cluster: { setup: "azure" } }, /azure\.existingSecret, or/],
  ["no membership", { cluster: { setup: "azure" }, azure: { existingSecret: "a" }, postgres: { existingSecret: "" } }, /redis\.existingSecret or/],
  ["a grace that is too short", { drainDelaySeconds: 40 }, /terminationGracePeriodSeconds is too short/],
  ["an ingress without a host", { ingress: { enabled: true } }, /ingress\.host is missing/],
]) {
  test(`${what} is refused with the remedy`, () => assert.throws(() => manifests(merge(least, own)), why));
}

test("values.yaml and its schema name the same values", () => {
  const names = (node, at = "") => Object.entries(node).flatMap(([key, value]) => [`${at}${key}`, ...(value.properties ? names(value.properties, `${at}${key}.`) : [])]);
  const written = (node, schema, at = "") =>
    Object.entries(node).flatMap(([key, value]) => [`${at}${key}`, ...(schema[key]?.properties ? written(value, schema[key].properties, `${at}${key}.`) : [])]);
  const { properties } = JSON.parse(read("values.schema.json"));

  assert.deepEqual(written(parse(read("values.yaml")), properties).sort(), names(properties).filter((name) => name !== "global").sort());
});
