"""Several runners, and readers, at once."""

import os
import signal
import subprocess
import sys
import textwrap

import yaml
from bosun_core.locks import locked


def finish(processes: list[subprocess.Popen[str]]) -> list[dict[str, object]]:
    """Wait for all and return their statuses."""
    statuses = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert out, f"no status; exit code {process.returncode}, stderr: {err}"
        statuses.append(yaml.safe_load(out))
    return statuses


def test_two_replacements_at_once_are_done_one_after_the_other(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    for _ in range(10):
        infos = [fs.info(package=fs.package(name, name.encode()), newModelId=name) for name in ("B", "C")]
        statuses = finish([fs.popen("deployment_replace_model", info) for info in infos])
        assert [status["status"] for status in statuses] == ["passing", "passing"], statuses
        ((model, content),) = fs.deployments().values()
        assert (model, content) in (("B", "B"), ("C", "C"))
        assert fs.under_way() == []


def test_fifty_runners_on_fifty_deployments_lose_nothing(fs):
    package = fs.package("a", os.urandom(100_000))
    names = [f"d{number}" for number in range(50)]
    statuses = finish([fs.popen("deployment_start", fs.info(name, package=package)) for name in names])
    assert [status["status"] for status in statuses] == ["passing"] * 50, statuses
    assert sorted(fs.run("deployment_list")["data"]) == sorted(names)
    assert fs.under_way() == []
    statuses = finish([fs.popen("deployment_stop", fs.info(name)) for name in names])
    assert [status["status"] for status in statuses] == ["passing"] * 50, statuses
    assert fs.deployments() == {}


def test_starts_and_stops_of_one_deployment_at_once_end_whole_or_gone(fs):
    info = fs.info(package=fs.package("a"))
    for _ in range(5):
        actions = ["deployment_start", "deployment_stop"] * 4
        statuses = finish([fs.popen(action, info) for action in actions])
        assert {status["status"] for status in statuses} == {"passing"}, statuses
        assert fs.deployments() in ({}, {"deployment_d1": ("A", "a model")})
        assert fs.under_way() == []


def test_an_action_waits_for_another_one_and_says_so_when_the_limit_is_over(fs):
    fs.settings["lockLimit"] = 0.2
    info = fs.info(package=fs.package("a"))
    fs.run("deployment_start", info)
    with locked(fs.base / ".bosun/locks/deployment_d1", 1, "the test"):
        status = fs.run("deployment_stop", info)
    expected = "another action on deployment d1 has not ended within 0.2 s; run this one again when it has"
    assert (status["status"], status["msg"]) == ("failing", expected)
    assert fs.run("deployment_stop", info)["status"] == "passing"


def test_a_killed_holder_blocks_nobody(fs):
    (fs.base / ".bosun/locks").mkdir(parents=True)
    (fs.base / ".bosun/staging").mkdir()
    holder = textwrap.dedent(f"""
        from pathlib import Path
        from bosun_core.locks import locked
        with locked(Path({str(fs.base)!r}) / ".bosun/locks/deployment_d1", 1, "the test"):
            print("held", flush=True)
            input()
    """)
    command = [sys.executable, "-c", holder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        waiting = fs.popen("deployment_start", fs.info(package=fs.package("a")))
        process.send_signal(signal.SIGKILL)
        ((status),) = finish([waiting])
    assert status["status"] == "passing"
    assert fs.under_way() == []


def test_a_reader_always_finds_a_consistent_pair_while_a_replacement_runs_in_a_loop(fs):
    packages = {name: fs.package(name, name.encode() * 1000) for name in ("A", "B")}
    fs.run("deployment_start", fs.info(package=packages["A"]))
    reader = textwrap.dedent(f"""
        import os
        folder, reads, reopened, seen = {str(fs.base / "deployment_d1")!r}, 0, 0, set()

        def content(name, descriptor):
            with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
                return file.read().decode()

        while reads < 10_000:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                model = content("config.yml", descriptor).split("model_id: ")[1].strip()
                package = content(f"{{model}}.mlpkg", descriptor)
            except FileNotFoundError:
                reopened += 1
                continue
            finally:
                os.close(descriptor)
            assert package == model * 1000, (model, package[:20], len(package))
            seen.add(model)
            reads += 1
        print(reads, sorted(seen))
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", reader], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    replacements = 0
    while process.poll() is None or replacements < 2:
        model = "BA"[replacements % 2]
        status = fs.run("deployment_replace_model", fs.info(package=packages[model], newModelId=model))
        assert status["status"] == "passing", status
        replacements += 1
    out, err = process.communicate()
    print(f"{replacements} replacements under the reader")
    assert (process.returncode, out) == (0, "10000 ['A', 'B']\n"), err
