"""The backend: extracts faces, trains models, swaps faces and measures the result."""

import os

__version__ = "0.1.0"

# Torch's threads wait for one another many times a step. By default they spin while they wait, and where Blender or a
# second job wants the same cores, spinning threads hold up the working ones: a step then takes several times as long.
# Must be set before torch is loaded; costs about a tenth on an otherwise idle machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
