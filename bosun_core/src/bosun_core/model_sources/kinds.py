"""What kind of model an action brings, by `modelExecutionType` and `modelFormat`. Pure."""

from __future__ import annotations

from bosun_core.errors import InvalidRequest

NATIVE, SCORING_CODE, CUSTOM = "native", "scoring-code", "custom"
PATHS = {NATIVE: "/opt/ml/model/model.mlpkg", SCORING_CODE: "/opt/ml/model/model.jar"}
"""Where a package of each kind is in its image."""

_NATIVE_TYPES = (None, "", "dedicated")
_CUSTOM_TYPE = "customInferenceModel"
_FORMATS = {None: NATIVE, "": NATIVE, "datarobot": NATIVE, "datarobotScoringCode": SCORING_CODE}


def kind(execution_type: str | None, model_format: str | None) -> str:
    """Return the kind; the format of a custom model may be anything, since its content tells what it is.

    Raises:
        InvalidRequest: one of the two is not known.
    """
    if execution_type == _CUSTOM_TYPE and _FORMATS.get(model_format) != SCORING_CODE:
        return CUSTOM
    if execution_type not in (*_NATIVE_TYPES, _CUSTOM_TYPE):
        raise InvalidRequest(
            f"modelExecutionType {execution_type} is not known here; it may be dedicated or {_CUSTOM_TYPE}"
        )
    if model_format not in _FORMATS:
        raise InvalidRequest(
            f"modelFormat {model_format} is not known here; it may be datarobot or datarobotScoringCode"
        )
    return _FORMATS[model_format]
