"""What the monitoring agent is given."""

import pytest
from bosun_core.monitoring import wanted_monitoring

CONFIG = {"mlopsUrl": "https://mlops.example.com"}


def test_the_token_of_the_monitoring_agent_is_trimmed() -> None:
    made = wanted_monitoring("agent:1", CONFIG, {"MLOPS_API_TOKEN": "planted-token\n"})

    assert (made.token, made.is_on) == ("planted-token", True)


@pytest.mark.parametrize("token", ["plan\nted-token", "pläntéd-token", " \n"])
def test_nothing_is_monitored_with_a_token_that_cannot_be_sent(token: str) -> None:
    made = wanted_monitoring("agent:1", CONFIG, {"MLOPS_API_TOKEN": token})

    assert not made.is_on
    assert "MLOPS_API_TOKEN (environment variable)" in made.remarks[0]
    assert "nted" not in made.remarks[0]
