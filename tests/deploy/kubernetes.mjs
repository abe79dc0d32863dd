import { createRequire } from "node:module";
import path from "node:path";

const load = createRequire(import.meta.url);
const schemas = path.join(path.dirname(load.resolve("kubernetes-models/package.json")), "_schemas");

// The validators of the kinds we make, by what Kubernetes' own API calls them.
const names = {
  "apps/v1 Deployment": "IoK8sApiAppsV1Deployment",
  "apps/v1 StatefulSet": "IoK8sApiAppsV1StatefulSet",
  "autoscaling/v2 HorizontalPodAutoscaler": "IoK8sApiAutoscalingV2HorizontalPodAutoscaler",
  "networking.k8s.io/v1 Ingress": "IoK8sApiNetworkingV1Ingress",
  "networking.k8s.io/v1 NetworkPolicy": "IoK8sApiNetworkingV1NetworkPolicy",
  "policy/v1 PodDisruptionBudget": "IoK8sApiPolicyV1PodDisruptionBudget",
  "rbac.authorization.k8s.io/v1 Role": "IoK8sApiRbacV1Role",
  "rbac.authorization.k8s.io/v1 RoleBinding": "IoK8sApiRbacV1RoleBinding",
  "v1 Service": "IoK8sApiCoreV1Service",
  "v1 ServiceAccount": "IoK8sApiCoreV1ServiceAccount",
};

/**
 * What is wrong with an object, unknown fields included. The validators take those, but they look at every field they know: one that none of them
 * looked at is unknown.
 */
export function faultsOf(manifest) {
  const name = names[`${manifest.apiVersion} ${manifest.kind}`];
  if (!name) return [`no validator for ${manifest.apiVersion} ${manifest.kind}`];
  const { validate } = load(path.join(schemas, `${name}.js`));
  const looked = new Set();
  const valid = validate(watched(manifest, "", looked));
  return [...(valid ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message}`)), ...fields(manifest, "").filter((field) => !looked.has(field))];
}

const isObject = (value) => value !== null && typeof value === "object";

const watched = (value, at, looked) =>
  !isObject(value)
    ? value
    : new Proxy(value, {
        get(target, key) {
          if (typeof key === "symbol") return Reflect.get(target, key);
          looked.add(`${at}/${key}`);
          return watched(Reflect.get(target, key), `${at}/${key}`, looked);
        },
      });

const fields = (value, at) => (isObject(value) ? Object.entries(value).flatMap(([key, inner]) => [`${at}/${key}`, ...fields(inner, `${at}/${key}`)]) : []);
