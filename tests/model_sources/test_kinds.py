"""What kind of model an action brings."""

import pytest
from bosun_core.errors import InvalidRequest
from bosun_core.model_sources import kinds


@pytest.mark.parametrize(
    ("execution_type", "model_format", "kind"),
    [
        (None, None, "native"),
        ("", "", "native"),
        ("dedicated", "datarobot", "native"),
        ("dedicated", "datarobotScoringCode", "scoring-code"),
        (None, "datarobotScoringCode", "scoring-code"),
        ("customInferenceModel", None, "custom"),
        ("customInferenceModel", "datarobot", "custom"),
        ("customInferenceModel", "whatever an agent calls it", "custom"),
        ("customInferenceModel", "datarobotScoringCode", "scoring-code"),
    ],
)
def test_type_and_format_tell_the_kind(execution_type: str | None, model_format: str | None, kind: str) -> None:
    assert kinds.kind(execution_type, model_format) == kind


@pytest.mark.parametrize(
    ("execution_type", "model_format", "message"),
    [
        ("quantum", None, "modelExecutionType quantum is not known here; it may be dedicated or customInferenceModel"),
        ("dedicated", "scroll", "modelFormat scroll is not known here; it may be datarobot or datarobotScoringCode"),
    ],
)
def test_what_is_not_known_is_refused(execution_type: str, model_format: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        kinds.kind(execution_type, model_format)
    assert str(raised.value) == message
