"""``leukosim page``: one patient in the browser."""

import os
import socket
from importlib.util import find_spec

from leukosim.cli.arguments import parse
from leukosim.cli.exit_codes import say
from leukosim.errors import ConfigError
from leukosim.reports.terminal.console import ConsoleProgress
from leukosim.runs.execute import compile_once


def page(words: list[str]) -> int:
    """``leukosim page``."""
    options = parse("page", words)
    check_address(options.host, options.port)
    if any(find_spec(name) is None for name in ("solara", "altair", "ipyvuetify")):
        raise ConfigError(
            "page needs solara, which is not installed: install leukosim with its extra `page`, "
            "as in pip install 'leukosim[page]' or, in a checkout, pip install -e '.[page]'"
        )
    os.environ.setdefault("SOLARA_TELEMETRY_MIXPANEL_ENABLE", "False")  # it would report its use
    from solara.__main__ import run as serve  # of the extra `page`; reads what is set above

    compile_once(ConsoleProgress())  # so that the browser need not wait for it
    say(f"leukosim page: http://{options.host}:{options.port} (Ctrl-C ends it)")
    where = ["--host", options.host, "--port", str(options.port)]
    opens = "--no-open" if options.no_open else "--open"
    serve.main(["leukosim.cli.browser", "--production", opens, *where], standalone_mode=False)
    return 0


def check_address(host: str, port: int) -> None:
    """Raise :class:`ConfigError` where no page can be served."""
    if not 1 <= port <= 65535:
        raise ConfigError(
            f"port = {port} is not allowed: port is a number, allowed from 1 to 65535"
        )
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise ConfigError(
            f"port = {port} of host = {host} cannot be used ({error.strerror}): "
            f"choose another, such as --port {port + 1 if port < 65535 else port - 1}"
        ) from None
