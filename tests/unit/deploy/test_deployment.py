"""What is deployed beside the manifests: settings, image, compose file, alerts, dashboards."""

import json
import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.example import example
from infra.deploy.slim import EMBEDDED, needed, unneeded
from infra.settings import Settings
from infra.telemetry.table import table

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "infra" / "deploy"
METRIC = re.compile(r"\b(decklog_\w+)")
# The guide's names and defaults: rows B2, B4, B5, B6.
GUIDE = {
    "AI_GENERATION_CONCURRENCY": "15",
    "THINKING_QUEUE_CONCURRENCY": "8",
    "IMAGE_GENERATION_CONCURRENCY": "5",
    "EXPORT_CONCURRENCY": "12",
    "DB_POOL_MIN": "20",
    "DB_POOL_MAX": "200",
    "DB_CONNECTION_TIMEOUT": "30000",
    "DB_IDLE_TIMEOUT": "30000",
    "DB_STATEMENT_TIMEOUT": "60000",
    "WS_MAX_CONNECTIONS": "20000",
    "WS_PING_INTERVAL": "25000",
    "WS_PING_TIMEOUT": "5000",
    "CACHE_PROJECT_TTL": "300",
    "CACHE_BLOCK_TTL": "60",
    "CACHE_SESSION_TTL": "3600",
    "CACHE_THEME_TTL": "86400",
}


def test_the_environment_file_is_that_of_the_settings() -> None:
    written = (DEPLOY / ".env.example").read_text("utf-8")
    assert written == example(), "python -m infra.deploy.example > infra/deploy/.env.example"


def test_it_has_the_guides_names_and_defaults() -> None:
    lines = example().splitlines()
    for name, value in GUIDE.items():
        assert f"#{name}={value}" in lines


def test_it_has_every_setting_once_and_no_secret() -> None:
    names = re.findall(r"^#?([A-Z0-9_]+)=", example(), re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) >= {name.upper() for name in Settings.model_fields}
    assert re.search(r"^JWT_SECRET=$", example(), re.MULTILINE)
    assert re.search(r"^#?PERSON_KEY_SECRET=$", example(), re.MULTILINE)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def test_the_compose_file_has_everything() -> None:
    services = compose()["services"]
    assert set(services) == {
        "postgres", "valkey", "migrate", "write", "read", "live", "workers", "prometheus", "grafana",
    }  # fmt: skip
    ours = [s for s in services.values() if s["image"].startswith("decklog:")]
    assert len(ours) == 5
    for service in ours:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    for service in services.values():
        # To this machine alone: what the public reaches is for whoever puts TLS before it.
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for key, value in (service.get("environment") or {}).items():
            if "PASSWORD" in key or "SECRET" in key:
                assert str(value).startswith("${"), f"{key} has a value"


def test_redis_is_persistent_and_volumes_hold_what_has_to_stay() -> None:
    services = compose()["services"]
    assert "--appendonly yes" in services["valkey"]["command"][-1]
    assert services["valkey"]["volumes"] == ["valkey:/data"]
    assert services["postgres"]["volumes"]


def test_the_image_runs_as_nobody_and_installs_by_hashes() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    stages = [line for line in text.splitlines() if line.startswith("FROM ")]
    assert len(stages) == 2
    assert all(stage.split()[1].endswith("-slim") for stage in stages)
    assert "--require-hashes -r requirements.lock" in text
    last = text[text.rindex("FROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "COPY --from=build" in last
    assert not re.search(r"^(ARG|ENV) .*(SECRET|PASSWORD|TOKEN)", text, re.MULTILINE)
    for package in ("domain", "commands", "projections", "infra", "read_api", "write_api", "workers"):
        assert f"COPY {package} {package}" in text


def test_the_image_has_what_runs_and_not_what_tests() -> None:
    kept = needed()
    for text in requires("decklog") or []:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if requirement.marker is None and name not in EMBEDDED:
            assert name in kept
    left_out = set(unneeded())
    assert {"pytest", "mypy", "ruff", "hypothesis", "playwright"} <= left_out
    assert not left_out & {
        "starlette",
        "pydantic-core",
        "anyio",
        "uvicorn",
        "psycopg-binary",
        "packaging",
    } - {"packaging"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def known_series() -> set[str]:
    found: set[str] = set()
    for metric in table():
        suffixes = ("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",)
        found |= {metric.name + suffix for suffix in suffixes}
    return found


def expressions() -> dict[str, str]:
    found = {rule["alert"]: rule["expr"] for rule in rules()}
    for file in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text("utf-8"))["panels"]:
            for target in panel.get("targets", []):
                found[f"{file.stem} {panel['id']}{target['refId']}"] = target["expr"]
    adapter = yaml.safe_load((DEPLOY / "prometheus" / "adapter.yml").read_text("utf-8"))
    found["adapter"] = adapter["rules"]["custom"][0]["seriesQuery"]
    return found


@pytest.mark.parametrize(("name", "expression"), expressions().items(), ids=expressions())
def test_alerts_and_dashboards_name_metrics_that_there_are(name: str, expression: str) -> None:
    assert set(METRIC.findall(expression)) <= known_series(), name
    assert expression.count("(") == expression.count(")")
    labels = {label for metric in table() for label in metric.labels}
    used = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~)", expression))
    assert used <= labels | {"job", "namespace", "pod"}, name


def test_each_metric_is_on_a_dashboard() -> None:
    shown = " ".join(expr for name, expr in expressions().items() if name.startswith("decklog-"))
    hidden = {m.name for m in table() if m.name not in shown}
    assert not hidden


def _anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_each_alert_says_what_to_do() -> None:
    anchors = _anchors((ROOT / "infra" / "docs" / "runbook.md").read_text("utf-8"))
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "infra/docs/runbook.md"
        assert anchor in anchors, rule["alert"]


def test_the_guides_alerts_are_there() -> None:
    """Row B4 and B14: hit ratio below 80 %, and alerts on what is critical."""
    by_name = {rule["alert"]: rule["expr"] for rule in rules()}
    assert "< 0.80" in by_name["DecklogCacheHitRatioLow"]
    assert {"DecklogErrorRate", "DecklogPoolWait", "DecklogProjectionLag", "DecklogQueueDeep"} <= set(by_name)
