"""The manifests: valid by Kubernetes' own schemas, and what the deployment guide asks of them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

BASE = Path(__file__).parents[3] / "infra" / "deploy" / "k8s" / "base"
VERSIONS = ("1.32", "1.34")
COMPONENTS = ("live", "read", "workers", "write")
Manifest = dict[str, Any]


def written() -> list[Manifest]:
    files = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["resources"]
    return [document for name in files for document in yaml.safe_load_all((BASE / name).read_text("utf-8"))]


MANIFESTS = written()


def of(kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in MANIFESTS if m["kind"] == kind}


def pods() -> dict[str, Manifest]:
    return {
        name: m["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, m in of(kind).items()
    }


def test_every_file_is_part_of_the_base() -> None:
    listed = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(f.name for f in BASE.iterdir())


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_valid(version: str) -> None:
    for manifest in MANIFESTS:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_kustomize_renders_what_is_written() -> None:
    """Where there is no kubectl, the files themselves are what the other tests look at."""
    if (kubectl := shutil.which("kubectl")) is None:
        return
    done = subprocess.run([kubectl, "kustomize", str(BASE)], capture_output=True, text=True, check=True)
    rendered = [m for m in yaml.safe_load_all(done.stdout) if m]
    names = {(m["kind"], m["metadata"]["name"]) for m in rendered}
    assert names == {(m["kind"], m["metadata"]["name"]) for m in MANIFESTS}
    for manifest in rendered:
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
        assert manifest["metadata"]["namespace"] == "decklog"


@pytest.mark.parametrize("name", COMPONENTS)
def test_autoscaling_is_the_guides(name: str) -> None:
    """Row B8: 5 to 50 pods, CPU 65 %, memory 75 %, active_connections; both behaviours; 5 min stabilization."""
    spec = of("HorizontalPodAutoscaler")[name]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (5, 50)
    resources = {
        m["resource"]["name"]: m["resource"]["target"] for m in spec["metrics"] if m["type"] == "Resource"
    }
    assert resources == {
        "cpu": {"type": "Utilization", "averageUtilization": 65},
        "memory": {"type": "Utilization", "averageUtilization": 75},
    }
    custom = [m["pods"]["metric"]["name"] for m in spec["metrics"] if m["type"] == "Pods"]
    # Nobody connects to a worker: a metric that no pod has would keep it from being scaled down.
    assert custom == ([] if name == "workers" else ["active_connections"])
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    assert {(p["type"], p["value"], p["periodSeconds"]) for p in up["policies"]} == {
        ("Percent", 100, 15),
        ("Pods", 4, 15),
    }
    assert up["stabilizationWindowSeconds"] == 0
    assert {(p["type"], p["value"], p["periodSeconds"]) for p in down["policies"]} == {
        ("Percent", 25, 60),
        ("Pods", 2, 60),
    }
    assert down["stabilizationWindowSeconds"] == 300


def test_there_is_one_deployment_a_component_each_with_a_budget_and_an_autoscaler() -> None:
    assert sorted(of("Deployment")) == sorted(COMPONENTS)
    assert sorted(of("PodDisruptionBudget")) == sorted(COMPONENTS)
    assert sorted(of("HorizontalPodAutoscaler")) == sorted(COMPONENTS)
    for name, budget in of("PodDisruptionBudget").items():
        wanted = of("Deployment")[name]["spec"]["selector"]["matchLabels"]
        assert budget["spec"]["selector"]["matchLabels"] == wanted
    # The autoscaler alone says how many there are: a count in the manifest would undo its work.
    assert all("replicas" not in d["spec"] for d in of("Deployment").values())


@pytest.mark.parametrize("name", COMPONENTS)
def test_pods_are_kept_apart_probed_and_end_gracefully(name: str) -> None:
    pod = pods()[name]
    container = pod["containers"][0]
    anti = pod["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]
    assert anti["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert anti["podAffinityTerm"]["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == name
    assert container["readinessProbe"]["httpGet"]["path"] == "/api/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/api/health/live"
    assert container["startupProbe"]["httpGet"]["path"] == "/api/health/ready"
    assert container["lifecycle"]["preStop"]
    assert pod["terminationGracePeriodSeconds"] >= 40
    assert {"requests", "limits"} <= set(container["resources"])
    assert container["args"][:2] == ["serve", name]


def test_no_pod_may_more_than_it_needs() -> None:
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert not container.get("env"), "settings come from the config map and the secret"


def _routed(path: str) -> str:
    """The service that a path of the public host goes to: an exact match first, then the longest prefix."""
    rules = of("Ingress")["decklog"]["spec"]["rules"][0]["http"]["paths"]
    best = ("", "")
    for rule in rules:
        name, prefix = rule["backend"]["service"]["name"], rule["path"]
        if rule["pathType"] == "Exact":
            if path == prefix:
                return str(name)
        elif (path + "/").startswith(prefix.rstrip("/") + "/") and len(prefix) > len(best[0]):
            best = (prefix, name)
    return best[1]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/commands", "write"),
        ("/api/commands/edit-block", "write"),
        ("/api/commands/socket", "write"),
        ("/api/assets", "write"),
        ("/api/assets/7b0f4a52", "read"),
        ("/api/assets/7b0f4a52/url", "read"),
        ("/api/projects/7b0f4a52/live", "read"),
        ("/api/projects", "read"),
        ("/api/health", "read"),
        ("/api/admin/cache/stats", "read"),
        ("/studio/js/main.js", "read"),
        ("/", "read"),
    ],
)
def test_addresses_lead_where_the_design_says(path: str, service: str) -> None:
    assert _routed(path) == service


def test_services_lead_to_pods_and_their_ports() -> None:
    for name, service in of("Service").items():
        deployment = of("Deployment")[name]
        assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
        ports = {p["name"] for p in pods()[name]["containers"][0]["ports"]}
        assert {p["targetPort"] for p in service["spec"]["ports"]} <= ports
    backends = {
        path["backend"]["service"]["name"]
        for ingress in of("Ingress").values()
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert backends == set(of("Service"))


def test_metrics_are_on_a_port_that_only_monitoring_reaches() -> None:
    assert of("ConfigMap")["decklog"]["data"]["METRICS_PORT"] == "9100"
    policies = of("NetworkPolicy")
    assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    open_ports = {
        name: [p["port"] for rule in policy["spec"].get("ingress", []) for p in rule["ports"]]
        for name, policy in policies.items()
    }
    assert open_ports["public"] == ["http"]
    assert [name for name, ports in open_ports.items() if "metrics" in ports] == ["metrics"]


def test_who_reaches_the_internet_reaches_no_address_inside() -> None:
    for name, policy in of("NetworkPolicy").items():
        for rule in policy["spec"].get("egress", []):
            for to in rule.get("to", []):
                if block := to.get("ipBlock"):
                    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(
                        block["except"]
                    ), name
