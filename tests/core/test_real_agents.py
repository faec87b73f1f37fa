"""Action files and command lines as real agents send them: their keys and spellings, and none of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bosun_core.monitoring import OFF, Monitoring, service_url, wanted_monitoring

from bosun_core import ActionStatus, ActionStatusInfo, answers

if TYPE_CHECKING:
    from tests.core.conftest import Bench

URL, TOKEN = "https://app.example.com", "planted-token-77c1"
WITH_TOKEN = {"MLOPS_API_TOKEN": TOKEN}
EITHER_URL = "mlopsUrl or MLOPS_BOSUN_MONITORING_URL"
SENT: dict[str, Any] = {  # DESIGN: what an agent sends in pluginConfig
    "MLOPS_BOSUN_PRED_ENV_TYPE": "ExternalCommand",
    "MLOPS_BOSUN_PRED_ENV_PLATFORM": "os",
    "MLOPS_BOSUN_PRED_ENV_ID": "65f1c0ffee0123456789abcd",
    "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": True,
    "MLOPS_BOSUN_MONITORING_URL": URL,
    "command": "/opt/bosun/bin/bosun-plugin-runner --plugin fs --private-config fs.yaml --log-level INFO",
}
DEPLOYMENT = {
    "id": "65f1c0ffee0123456789abce",
    "name": "Deployment",
    "description": None,
    "modelId": "65f1c0ffee0123456789abcf",
    "newModelId": "65f1c0ffee0123456789abd0",
    "modelFormat": "datarobot",
    "modelExecutionType": "dedicated",
    "keyValueConfig": {},
}


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("plugin_start", ("passing", None)),
        ("pe_status", ("passing", None)),
        ("deployment_start", ("passing", "ready")),
        ("deployment_replace_model", ("passing", "ready")),
        ("deployment_relaunch", ("passing", "ready")),
        ("deployment_status", ("passing", "ready")),
        ("deployment_list", ("passing", None)),
        ("deployment_stop", ("passing", "stopped")),
        ("plugin_stop", ("passing", None)),
    ],
)
def test_every_action_takes_what_an_agent_sends(bench: Bench, action: str, outcome: tuple[str, str | None]) -> None:
    (bench.folder / "base").mkdir()
    (bench.folder / "private.yaml").write_text(f"baseDir: {bench.folder}/base\n")
    (bench.folder / "model.mlpkg").write_text("model")
    deployment = {**DEPLOYMENT, "modelArtifact": f"{bench.folder}/model.mlpkg"}
    started = {**deployment, "newModelId": None}
    pe_info = {"id": SENT["MLOPS_BOSUN_PRED_ENV_ID"], "name": "E", "deployments": None, "keyValueConfig": {}}

    def act(word: str, info: dict[str, Any]) -> dict[str, Any]:
        sent = {"pluginConfig": SENT, "peInfo": pe_info, "deploymentInfo": info}
        (bench.folder / "action.yaml").write_text(json.dumps(sent))
        files = ("--config", "action.yaml", "--private-config", "private.yaml")
        return bench.command("--plugin", "fs", "--action", word, *files, "--status-file", "status.yaml").status

    if action not in ("plugin_start", "deployment_start"):
        act("deployment_start", started)
    status = act(action, started if action == "deployment_start" else deployment)

    assert (status["status"], status["state"]) == outcome, status


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "critical", "Warning", "iNFO"])
def test_log_levels_are_read_in_any_case(bench: Bench, level: str) -> None:
    levels = ["debug", "info", "warning", "error", "critical"]
    bench.plugin(
        "def pe_status(self):\n"
        "    for level in ('debug', 'info', 'warning', 'error', 'critical'):\n"
        "        getattr(logging.getLogger('own'), level)('of %s', level)\n"
        "    return ok()",
        head="import logging",
    )

    run = bench.command("--plugin", "sample.py", "--action", "pe_status", "--log-level", level)

    told = [line.rpartition(" ")[2] for line in run.stderr.splitlines() if "of " in line]
    assert (run.code, told) == (0, levels[levels.index(level.lower()) :])


def test_shells_are_read_in_any_case(bench: Bench) -> None:
    assert bench.command("--print-completion", "BASH").stdout == bench.command("--print-completion", "bash").stdout


@pytest.mark.parametrize(
    ("sent", "environ", "monitoring"),
    [
        (SENT, WITH_TOKEN, Monitoring(URL, TOKEN)),
        ({"mlopsUrl": "http://a", **SENT}, WITH_TOKEN, Monitoring("http://a", TOKEN)),
        ({**SENT, "mlopsUrl": ""}, WITH_TOKEN, Monitoring(URL, TOKEN)),
        ({"mlopsUrl": URL}, WITH_TOKEN, Monitoring(URL, TOKEN)),
        ({**SENT, "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": False}, WITH_TOKEN, OFF),
        ({**SENT, "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": "False"}, {}, OFF),
        (
            {**SENT, "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": "true"},
            WITH_TOKEN,
            Monitoring(URL, TOKEN),
        ),
        (
            {**SENT, "MLOPS_BOSUN_MONITORING_URL": ""},
            WITH_TOKEN,
            (EITHER_URL,),
        ),
        (SENT, {}, ("MLOPS_API_TOKEN",)),
        ({}, {}, (EITHER_URL, "MLOPS_API_TOKEN")),
    ],
)
def test_monitoring_is_read_from_what_an_agent_sends(
    sent: dict[str, Any], environ: dict[str, str], monitoring: Monitoring | tuple[str, ...]
) -> None:
    found = wanted_monitoring("an-image", sent, environ)

    if isinstance(monitoring, Monitoring):
        assert found == monitoring
    else:
        assert (found.is_on, [name.partition(" (")[0] for name in found.missing]) == (False, list(monitoring))
    assert wanted_monitoring(None, sent, environ) == OFF


def test_an_address_that_is_not_there_is_empty() -> None:
    assert [service_url(sent) for sent in ({}, {"mlopsUrl": None}, {"MLOPS_BOSUN_MONITORING_URL": ""})] == ["", "", ""]


@pytest.mark.parametrize(
    ("answer", "warned"),
    [
        (ActionStatusInfo(ActionStatus.OK, "done"), ActionStatusInfo(ActionStatus.WARN, "done; {}")),
        (ActionStatusInfo(ActionStatus.WARN, "done"), ActionStatusInfo(ActionStatus.WARN, "done; {}")),
        (ActionStatusInfo(ActionStatus.OK), ActionStatusInfo(ActionStatus.WARN, "{}")),
        (ActionStatusInfo(ActionStatus.ERROR, "broken"), ActionStatusInfo(ActionStatus.ERROR, "broken")),
    ],
)
def test_what_is_not_monitored_though_it_is_to_be_is_a_warning(
    answer: ActionStatusInfo, warned: ActionStatusInfo
) -> None:
    lacking = Monitoring(URL, "", ("MLOPS_API_TOKEN",)).remarks
    told = "nothing is monitored: missing is MLOPS_API_TOKEN; set it, or leave agentImage out"
    warned.msg = warned.msg and warned.msg.format(told)

    assert answers.with_warnings(answer, lacking) == warned


def test_what_is_monitored_stays_as_it_is() -> None:
    done = ActionStatusInfo(ActionStatus.OK, "done")

    assert answers.with_warnings(done, Monitoring(URL, TOKEN).remarks) == ActionStatusInfo(ActionStatus.OK, "done")
