"""The real logrotate, run on one file."""

import os
import subprocess

from conftest import need_program

CONFIGURATION = """\
{path} {{
    rotate 5
    size 1
    {options}
}}
"""


def logrotate(path, directory, options):
    """One forced run. `directory`: where its configuration and state lie."""
    program = need_program("logrotate")
    configuration = directory / "logrotate.conf"
    configuration.write_text(CONFIGURATION.format(path=path, options=options))
    os.chmod(configuration, 0o644)
    subprocess.run(
        [program, "-f", "-s", str(directory / "logrotate.state"), str(configuration)], check=True
    )
