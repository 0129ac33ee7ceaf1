"""Run by Blender with its window: plays the story that is named after `--`."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import driver

driver.play(importlib.import_module(sys.argv[-1]).story)
