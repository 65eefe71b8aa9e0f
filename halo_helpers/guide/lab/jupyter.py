"""The guide in JupyterLab or as web pages, with settings that keep secrets and clutter out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ...errors import ConfigError, unwritable
from ...secrets.lab_memory import share_memory
from ...system.extras import is_missing, needs_extra
from ...system.files import write_whole
from ...system.paths import data_folder, make_data_folder, practice_state_file
from ...system.plain_text import did_you_mean
from ...system.processes import own_group
from ...tenants.answers import walks_folder
from ...tenants.tenant import NAME, PRACTICE
from ..steps import NOTEBOOKS, STEPS
from .lab_process import GRACE_S
from .run_by_itself import SIGN
from .working_copy import open_walk

_OF_NO_USE = ("voila.server_extension", "jupyter_lsp")
"""Extensions that an environment may have, and the guide in JupyterLab does not need: pages by Voilà have a
server of their own, and nobody writes code here."""
STEP = "HALO_LAB_STEP"
"""The step that the guide was opened for, which its notebook shows first."""


def run_lab(
    tenant: str, tenants_file: str, *, practice: bool, browser: bool, port: int, step: str = ""
) -> int:
    """Open JupyterLab on a customer's working copy, at a step or at its start, until it is closed.

    A practice server that is started for it ends with it. Return JupyterLab's exit status.

    Raises: ConfigError for a name that is none, without JupyterLab, or with an unwritable data folder.
    """
    made: list[Path] = []
    folder = _working_copy("jupyterlab", tenant, tenants_file, made.append)
    notebook = notebook_of(step)
    options = [*_settings(folder.name, port, notebook), *([] if browser else ["--no-browser"])]
    if sys.platform != "win32" and os.geteuid() == 0:
        # in containers; it listens on loopback and asks for its token all the same
        options.append("--allow-root")
    return _serve("jupyterlab", options, practice=practice, step=step, made=made)


def run_web(
    tenant: str,
    tenants_file: str,
    *,
    practice: bool,
    browser: bool,
    port: int,
    show: Callable[[str], None],
    step: str = "",
) -> int:
    """Show the same working copy as web pages, by Voilà: on loopback, with a token, without code.

    `show` prints a line in the terminal, such as the code for copying a secret out of a page.

    Raises: ConfigError as `run_lab`.
    """
    made: list[Path] = []
    folder = _working_copy("voila", tenant, tenants_file, made.append)
    if step:
        show(f"The page of this step: /voila/render/{notebook_of(step)}.ipynb")
    options = [
        str(folder),
        "--Voila.ip=127.0.0.1",
        f"--port={port}",
        "--token",
        "--template=halo",  # what / shows: the first page of the guide, and no list of files
        "--VoilaConfiguration.classic_tree=True",
        "--show_tracebacks=False",
        "--strip_sources=True",
        *([] if browser else ["--no-browser"]),
    ]
    return _serve("voila", options, practice=practice, show=show, step=step, made=made)


def notebook_of(step: str) -> str:
    """Return the notebook of a step, without its suffix; the first one when none is named.

    Raises: ConfigError for a step that there is not, with those that are alike.
    """
    if not step:
        return NOTEBOOKS[0]
    if step not in STEPS:
        hint = did_you_mean(step, STEPS) or f"; known are {', '.join(STEPS)}"
        raise ConfigError(f"no step is called {step!r}{hint}")
    return STEPS[step].notebook


def _working_copy(module: str, tenant: str, tenants_file: str, made: Callable[[Path], None]) -> Path:
    if is_missing(module):
        raise ConfigError(needs_extra(module))
    if not NAME.fullmatch(tenant):
        raise ConfigError(f"--tenant {tenant!r} is no name of a tenant: a-z, 0-9 and -")
    open_walk(PRACTICE, signed=made)
    return open_walk(tenant, str(Path(tenants_file).absolute()) if tenants_file else "", made)


def _serve(
    module: str,
    options: list[str],
    *,
    practice: bool,
    show: Callable[[str], None] | None = None,
    step: str = "",
    made: Sequence[Path] = (),
) -> int:
    """Run a server until it ends, with a practice server beside it.

    The secrets of this session are in our memory as long.
    """
    with ExitStack() as stack:
        environment = dict(os.environ) | stack.enter_context(share_memory(show)) | {STEP: step}
        environment[SIGN] = json.dumps([str(copy) for copy in made])
        # where Voilà finds our template
        environment["JUPYTER_PATH"] = os.pathsep.join(
            filter(None, [str(Path(__file__).parent), environment.get("JUPYTER_PATH")])
        )
        if practice:
            from ...practice.control import PracticeError, forget_running, note_running, start

            try:
                server = stack.enter_context(start())
            except PracticeError as error:
                raise ConfigError(f"the practice tenant cannot be started: {error}") from None
            note_running(practice_state_file(), server.base_url)
            stack.callback(forget_running, practice_state_file(), server.base_url)
            environment["HALO_PRACTICE_URL"] = server.base_url
        # its standard input is ours: when we end, by Ctrl+C or killed hard, it ends, and its kernels with it
        command = [sys.executable, "-P", "-m", "halo_helpers.guide.lab.lab_process", module, *options]
        process = subprocess.Popen(  # noqa: S603 - this very interpreter
            command, env=environment, stdin=subprocess.PIPE, **own_group()
        )
        try:
            return process.wait()
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a server end its kernels and itself; hard when it does neither."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=GRACE_S + 2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _settings(tenant: str, port: int, notebook: str = "00-start") -> list[str]:
    """Return JupyterLab's options.

    Its settings folder is our own, so that a user's ticks do not reach here.
    """
    settings = data_folder() / "lab-settings"
    chosen = {
        # widget state is where stock fields leak; ours hold no secret, and nothing else of it is needed
        "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": False},
        "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # the header sticks to the top only where cells that are out of view stay in the page
        "@jupyterlab/notebook-extension/tracker": {"windowingMode": "contentVisibility"},
    }
    try:
        for name, values in chosen.items():
            file = settings / f"{name}.jupyterlab-settings"
            make_data_folder(file.parent)
            write_whole(file, json.dumps(values) + "\n")
    except OSError as error:
        raise unwritable(error, settings) from None
    return [
        f"--ServerApp.root_dir={walks_folder()}",
        f"--LabApp.default_url=/lab/tree/{tenant}/{notebook}.ipynb",
        # the panels' links open the walk's other notebooks, and Next scrolls to a step
        "--LabApp.expose_app_in_browser=True",
        f"--LabApp.user_settings_dir={settings}",
        f"--FileCheckpoints.checkpoint_dir={data_folder() / 'checkpoints'}",
        "--ContentsManager.pre_save_hook=halo_helpers.guide.lab.save_hook.drop_widgets",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        # the address and what goes wrong, not what each extension does at its start
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
        *(f"--ServerApp.jpserver_extensions={name}=False" for name in _OF_NO_USE),
    ]
