import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
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

// Sets of values that between them take every branch.
const sets = {
  "PostgreSQL": least,
  "Azure by connection strings, client certificates, everything on": {
    ...least,
    cluster: { setup: "azure" },
    postgres: {},
    azure: { existingSecret: "account" },
    redis: { existingSecret: "membership" },
    tls: { existingSecret: "certificate", clientCaSecret: "clients" },
    imagePullSecrets: [{ name: "registry" }],
    autoscaling: { enabled: true },
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
    image: { tag: "1.2.3" },
  },
};

let scratch;
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "cz-chart-"));
  const made = await run(path.join(root, "deploy/compose/make-secrets"), [path.join(scratch, "secrets")]);
  assert.equal(made.code, 0, made.err);
});
after(() => rm(scratch, { recursive: true, force: true }));

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
    const { env } = containerOf(manifests(own));
    const secret = { "database/connection": "Host=a;Password=hunter2", "account/connection": "UseDevelopmentStorage=true", "membership/connection": "redis:6379,password=hunter2" };
    const pod = { "metadata.name": "decisions-0", "metadata.namespace": "agents", "status.podIP": "10.1.2.3" };
    const file = { "/etc/controlzero/tls/tls.crt": "server.pem", "/etc/controlzero/tls/tls.key": "server.key", "/etc/controlzero/client-ca/ca.crt": "ca.pem" };
    const variables = { ...environment(image), CONTROLZERO__DATA__DIRECTORY: path.join(scratch, "data"), KUBERNETES_SERVICE_HOST: "10.0.0.1" };
    for (const { name: key, value, valueFrom } of env) {
      const found = value ?? pod[valueFrom.fieldRef?.fieldPath] ?? secret[`${valueFrom.secretKeyRef?.name}/${valueFrom.secretKeyRef?.key}`];
      assert.notEqual(found, undefined, key);
      const here = file[found] ? path.join(scratch, "secrets", file[found]) : found;
      variables[key] = here.replace(/\$\((\w+)\)/g, (_, other) => variables[other]);
    }

    const end = await run(server, ["config"], { env: cleanEnvironment(variables) });

    assert.equal(end.code, 0, end.err);
    assert.match(end.out, /^Cluster:Silo +10\.1\.2\.3:11111 /m);
    assert.match(end.out, /^Cluster:Name +decisions-0 /m);
    assert.ok(!end.out.includes("hunter2"));
  });

  test(`${name}: pods run without rights, and have the time to stop`, () => {
    const all = manifests(own);
    const pod = of("StatefulSet", all)[0].spec.template.spec;
    const [container] = pod.containers;

    assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    assert.equal(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`, steps(image, "USER")[0].args[0]);
    assert.deepEqual([pod.securityContext.runAsNonRoot, pod.enableServiceLinks], [true, false]);
    assert.equal(pod.automountServiceAccountToken, of("Role", all).length === 1);
    assert.deepEqual(of("Role", all).flatMap((role) => role.rules), pod.automountServiceAccountToken ? [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }] : []);
    const drain = container.env.find(({ name: key }) => key === "CONTROLZERO__SHUTDOWN__DRAINDELAY").value;
    assert.ok(pod.terminationGracePeriodSeconds >= Number.parseInt(drain, 10) + 30);
    assert.ok(container.resources.requests.cpu && !container.resources.limits.cpu);
    assert.deepEqual(
      ["startup", "readiness", "liveness"].map((probe) => container[`${probe}Probe`].httpGet.path),
      ["/health/startup", "/health/ready", "/health/live"]);
    const mounted = container.volumeMounts.map((mount) => mount.name).sort();
    assert.deepEqual(mounted, pod.volumes.map((volume) => volume.name).sort());
  });

  test(`${name}: selectors find the pods and ports there are`, () => {
    const all = manifests(own);
    const { labels } = of("StatefulSet", all)[0].spec.template.metadata;
    const ports = containerOf(all).ports.map((port) => port.name);
    const finds = (selector) => Object.entries(selector).every(([key, value]) => labels[key] === value);

    assert.deepEqual([labels["orleans/serviceId"], labels["orleans/clusterId"]], ["controlzero", "controlzero"]);
    for (const service of of("Service", all)) {
      assert.ok(finds(service.spec.selector));
      assert.ok(service.spec.ports.every((port) => ports.includes(port.targetPort) && port.name !== "silo"));
    }
    for (const budget of of("PodDisruptionBudget", all)) assert.ok(finds(budget.spec.selector.matchLabels));
    for (const monitor of of("ServiceMonitor", all)) {
      assert.equal(of("Service", all).filter((service) => Object.entries(monitor.spec.selector.matchLabels).every(([key, value]) => service.metadata.labels[key] === value)).length, 1);
    }
    for (const scaler of of("HorizontalPodAutoscaler", all)) assert.equal(scaler.spec.scaleTargetRef.name, of("StatefulSet", all)[0].metadata.name);
    assert.equal(of("StatefulSet", all)[0].spec.serviceName, of("Service", all).find((service) => service.spec.clusterIP === "None").metadata.name);
  });
}

test("network policy lets nobody but silos to the silo's port", () => {
  for (const own of Object.values(sets).slice(0, 2)) {
    const all = manifests(own);
    const [policy] = of("NetworkPolicy", all);
    const silo = policy.spec.ingress.filter((rule) => !rule.ports || rule.ports.some((port) => port.port === "silo"));

    assert.equal(silo.length, 1);
    assert.deepEqual(silo[0].from, [{ podSelector: of("StatefulSet", all)[0].spec.selector }]);
    assert.deepEqual(silo[0].ports, [{ port: "silo" }]);
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
