"""One action, from the files that describe it to the status that comes of it. Nothing is printed, nothing exits."""

import contextlib
import functools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from bosun_core import action_file
from bosun_core.action_file import ActionFile
from bosun_core.actions import ACTIONS
from bosun_core.artifact import is_url
from bosun_core.errors import BosunError, Interruption, InvalidRequest, PluginBroken, interruption_behind, one_line
from bosun_core.log import debug, mask_what_is_logged
from bosun_core.model import DeploymentInfo
from bosun_core.redaction import SECRETS
from bosun_core.status import ActionStatus, DeploymentState, failing, to_document

if TYPE_CHECKING:
    from bosun_core.hookspecs import ActionContext  # it brings pluggy


class ActionRequest(NamedTuple):
    """What the command line asks for; paths as the user wrote them."""

    plugin: str
    action: str
    config: str | None = None
    private_config: str | None = None
    dry_run: bool = False
    events: str | None = None
    download_timeout: float = 3600.0
    download_limit: int = 50 * 1024**3


def run_action(request: ActionRequest) -> dict[str, Any]:
    """Run one action and return its status as the six keys of a status file, whatever happens.

    Only what is no `Exception` of the plugin (a `KeyboardInterrupt`, say) comes through.
    """
    SECRETS.learn_environment()
    began = time.monotonic()
    warnings: list[str] = []
    try:
        document = _perform(request, warnings)
    except (BosunError, Interruption) as error:
        document = failure_document(request.action, str(error), error.data)
    except SystemExit as error:
        document = failure_document(
            request.action,
            f"plugin {request.plugin} called sys.exit({error.code!r}); it should return a status",
        )
    except Exception as error:  # a bug of the plugin, or ours: told in one line, with its traceback in the log
        document = failure_document(request.action, bug_of_plugin(request, error))
    if not document["duration"]:
        document["duration"] = round(time.monotonic() - began, 3)
    if document["timestamp"] is None:
        document["timestamp"] = time.time_ns() // 1_000_000
    document = _with_warnings(document, warnings)
    # Only what is free text is masked: a secret called `duration` takes no key away.
    return {**document, "msg": SECRETS.mask_all(document["msg"]), "data": SECRETS.mask_all(document["data"])}


def _perform(request: ActionRequest, warnings: list[str]) -> dict[str, Any]:
    if request.action not in ACTIONS:
        raise InvalidRequest(_unknown_action(request.action))
    given = action_file.read(request.config) if request.config is not None else ActionFile({})
    SECRETS.learn(given.plugin_config)
    for key in given.unknown_keys:
        debug(f"the action file's key {key} is not known here and was ignored")
    action_file.check_needs(request.action, given)

    # These bring pluggy and the plugin's own imports: an action file that cannot be used never pays for them.
    from bosun_core.discovery import find_plugin
    from bosun_core.dispatch import perform
    from bosun_core.hookspecs import ActionContext

    plugin_class = find_plugin(request.plugin)
    mask_what_is_logged()
    plugin = _instance(plugin_class, request, given)
    context = ActionContext(
        request.action,
        request.plugin,
        request.dry_run,
        given.plugin_config,
        given.pe_info,
        given.deployment_info,
    )
    at_hand = functools.partial(_artifact_at_hand, request, given, plugin)
    with _telling_what_was_not_seen(context):
        outcome = perform(plugin, context, at_hand, _extensions(request, warnings), warnings)
    try:
        return to_document(outcome)
    except PluginBroken as error:
        raise PluginBroken(f"{plugin_class.__name__}.{request.action} {error}") from error


@contextlib.contextmanager
def _telling_what_was_not_seen(context: "ActionContext") -> Iterator[None]:
    """Have a pe_status that could look at nothing say so of each listed deployment, whichever plugin it is of."""
    try:
        yield
    except (BosunError, Interruption) as error:
        if context.action == "pe_status" and error.data is None and not isinstance(error, InvalidRequest):
            from bosun_core.answers import nothing_seen

            listed = context.pe_info and context.pe_info.deployments
            error.data = nothing_seen(listed) if listed else None
        raise


def _instance(plugin_class: type[Any], request: ActionRequest, given: ActionFile) -> Any:
    import inspect

    arguments = (given.plugin_config, request.private_config, given.pe_info, request.dry_run)
    try:
        inspect.signature(plugin_class).bind(*arguments)
    except TypeError:
        raise PluginBroken(
            f"{plugin_class.__name__}{inspect.signature(plugin_class)} cannot be constructed by the runner; "
            "declare __init__(self, plugin_config, private_config_file=None, pe_info=None, dry_run=False)"
        ) from None
    return plugin_class(*arguments)


@contextlib.contextmanager
def _artifact_at_hand(
    request: ActionRequest, given: ActionFile, plugin: Any, info: DeploymentInfo
) -> Iterator[DeploymentInfo]:
    """Hand over the deployment's info with a package on this machine: a URL is fetched for as long as the action takes.

    This is within the extensions' wrappers: a veto comes before it, and its progress is an event.
    """
    to_fetch = ACTIONS[request.action].takes_artifact and is_url(info.model_artifact)
    if to_fetch:
        SECRETS.learn_url(str(info.model_artifact))
    if not to_fetch or request.dry_run:
        yield info
        return
    from bosun_core.answers import old_model_in_use
    from bosun_core.download import DownloadLimits, fetched

    limits = DownloadLimits(request.download_timeout, request.download_limit)
    folder = getattr(plugin, "staging_folder", lambda: None)()
    with contextlib.ExitStack() as stack:
        try:
            at_hand = stack.enter_context(fetched(info, given.plugin_config, folder, limits))
        except (BosunError, Interruption) as error:
            if request.action != "deployment_start":  # what served goes on serving
                error.data = old_model_in_use(info.model_id)
            raise
        yield at_hand


def _extensions(request: ActionRequest, warnings: list[str]) -> list[Any]:
    from bosun_core.extensions import extension, installed_extensions

    extensions = installed_extensions(warnings)
    if request.events is not None:
        from bosun_core.events import Events

        extensions.append(extension("events", Events(request.events)))
    return extensions


def failure_document(action: str, message: str, data: Any = None) -> dict[str, Any]:
    """Return the failing status of an action that did not come to one of its own; secrets in the message are masked."""
    of_deployment = action in ACTIONS and ACTIONS[action].takes_deployment
    info = failing(SECRETS.mask(message), DeploymentState.ERRORED if of_deployment else None)
    info.data = data
    info.duration = 0.0
    info.timestamp = time.time_ns() // 1_000_000
    return to_document(info)


def bug_of_plugin(request: ActionRequest, error: BaseException) -> str:
    """Return one line for what no plugin should raise; its traceback goes to the log. An interruption is no bug."""
    if (interruption := interruption_behind(error)) is not None:
        return str(interruption)
    from bosun_core.discovery import describe
    from bosun_core.log import logger

    logger().debug("the plugin raised", exc_info=error)
    return (
        f"plugin {request.plugin} failed in {request.action}: {describe(error)}; "
        "this is a bug of the plugin: --log-level debug shows where"
    )


def _unknown_action(action: str) -> str:
    import difflib

    near = difflib.get_close_matches(action, ACTIONS, n=1)
    hint = f"did you mean {near[0]}?" if near else "--list-actions shows them all"
    return f"unknown action {action}; {hint}"


def _with_warnings(document: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Return the status with what went wrong beside the action: the outcome stands, no longer as plainly passing."""
    if not warnings:
        return document
    status = ActionStatus.WARN.value if document["status"] == ActionStatus.OK.value else document["status"]
    message = one_line("; ".join(filter(None, [document["msg"], *warnings])))
    return {**document, "status": status, "msg": message}
