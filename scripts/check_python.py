"""Ends a script that an older or newer Python runs. Import it before what such a Python cannot read."""

import platform
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("Python 3.11, 3.12 or 3.13 is needed, and this is " + platform.python_version() + ".")
