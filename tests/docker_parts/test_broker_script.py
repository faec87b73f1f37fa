"""What the broker's answer to the script means; the script itself is run on a real broker by tests/docker."""

import pytest
from bosun_docker.monitoring.broker_script import counting_readers, read_count


@pytest.mark.parametrize(
    ("code", "wrote", "count"),
    [(0, "2\r\n", 2), (0, "0\n", 0), (1, "", None), (124, "", None), (0, "bash: not here\n", None)],
)
def test_what_is_no_number_is_no_answer(code, wrote, count):
    assert read_count(code, wrote) == count


def test_the_command_asks_for_the_queue_and_holds_no_password():
    words = counting_readers("predictions", 7)
    assert words[:2] == ["timeout", "7"]
    assert "$(short predictions)" in words[-1]
    assert "$RABBITMQ_DEFAULT_PASS" in words[-1]
