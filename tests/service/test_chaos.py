"""A hundred rounds of crashes, full disks and damaged files on one workspace: nothing is lost, doubled or left over.

CHAOS_ROUNDS is how many; CHAOS_SEED is the seed of the first (always the same where it is not set, since a suite that
fails now and then is not believed), and each of the following has one more.
"""

import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)
from chaos import World, small_disk

pytestmark = pytest.mark.slow
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "100"))
SEED = int(os.environ.get("CHAOS_SEED", "7000"))


def test_chaos(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if not disk.small:
            print("No disk may be mounted here: it is never full in these rounds.")
        world = World(tmp_path, disk)
        began = time.monotonic()
        try:
            world.start()
            world.write_roots()
            for seed in range(SEED, SEED + ROUNDS):
                play(world, seed)
        finally:
            if world.service:
                world.service.kill()
                world.service.close()
            world.drop_readers()
        print(f"{ROUNDS} rounds in {time.monotonic() - began:.0f} s: {dict(world.happened)}")


def play(world: World, seed: int) -> None:
    """One round; whatever goes wrong tells the round's seed and what happened in it."""
    world.random.seed(seed)
    world.journal.clear()
    began = time.monotonic()
    try:
        world.storm()
        world.settle()
        world.check_evidence()
        world.check_a_stream()
        world.tidy()
        world.check_idle()
        if not world.deaths:
            world.stop()
            world.start()
    except Exception as error:
        story = "\n  ".join(world.journal)
        raise AssertionError(f"The round with CHAOS_SEED={seed} went wrong: {error}\n  {story}") from error
    print(f"seed {seed}: {time.monotonic() - began:.1f} s, {len(world.journal)} things happened", flush=True)
