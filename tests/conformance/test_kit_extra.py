"""Without the extra the plugin runs, and the kit says in one line what it needs."""

import os
import subprocess
import sys

import pytest

_BLOCK = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name in {packages}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


def run_without(packages, code):
    """Run code in a Python that has none of these packages."""
    command = [sys.executable, "-c", _BLOCK.format(packages=packages) + code]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_the_plugin_needs_neither_pytest_nor_hypothesis(tmp_path):
    (tmp_path / "private.yaml").write_text(f"{{tmp_dir: {tmp_path}, pe_status_time_sec: 0}}")
    arguments = ["--plugin", "test", "--action", "pe_status", "--private-config", str(tmp_path / "private.yaml")]
    done = run_without(["pytest", "hypothesis"], f"from bosun_core.cli import main\nsys.exit(main({arguments!r}))")
    assert (done.returncode, done.stderr) == (0, "")
    assert "status: passing" in done.stdout


@pytest.mark.parametrize("package", ["pytest", "hypothesis"])
def test_adopting_without_the_extra_is_one_line_that_says_what_to_install(package):
    done = run_without([package], "import bosun_test.conformance")
    expected = f"ImportError: the conformance kit needs {package}; run: pip install 'bosun-test[conformance]'"
    assert done.stderr.splitlines()[-1] == expected
    assert "During handling" not in done.stderr


def test_the_report_card_without_the_extra_says_so_too(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["bosun_test.conformance.report"]\n')
    done = run_without(["hypothesis"], f"import pytest\nsys.exit(pytest.main(['-c/dev/null', {str(tmp_path)!r}]))")
    assert "the conformance kit needs hypothesis; run: pip install 'bosun-test[conformance]'" in done.stderr
