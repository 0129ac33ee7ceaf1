"""`ml-backend train --find-rate`: which learning rate to take."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

from ml_backend.errors import Cancelled
from ml_backend.progress import Reporter

from .optimizers.rate_finder import STEPS, choose, climb, try_rate
from .trainer import Trainer

_USUAL = 5  # trials


def find_rate(trainer: Trainer, reporter: Reporter) -> dict[str, Any]:
    """Try rates on a trainer that is thrown away afterwards; nothing is written.

    Returns the rate to take, that of the settings where none is clearly better and None where a few steps cannot tell;
    the loss that each rate reached (None where it exploded), and that of the model as it stands. Raises Cancelled.
    """
    present, warm = trainer.config.learning_rate, trainer.config.warm_up
    restore, done = _snapshot(trainer), 0

    def step(number: int, rate: float) -> float:
        nonlocal done
        if reporter.stop_requested():
            raise Cancelled
        loss = float(trainer.step(warm + number, 0.0, rate))
        done += 1
        figures = {"learning_rate": rate, "loss": loss}
        reporter.progress("rates", done, STEPS * max(_USUAL, math.ceil(done / STEPS)), figures)
        return loss

    def trial(rate: float) -> float:
        restore()
        return try_rate(rate, step)

    try:
        standing, reached = trial(0.0), climb(present, trial)
    finally:
        trainer.batches.close()
    chosen = choose(present, standing, reached)
    reporter.message(_said(present, chosen, standing, reached))
    return {
        "learning_rate": chosen,
        "present": present,
        "standing": standing,
        "rates": list(reached),
        "losses": [loss if math.isfinite(loss) else None for loss in reached.values()],
    }


def _said(present: float, chosen: float | None, standing: float, reached: Mapping[float, float]) -> str:
    tried = ", ".join(
        f"{rate:.2g}: {loss:.4f}" if math.isfinite(loss) else f"{rate:.2g}: explodes" for rate, loss in reached.items()
    )
    told = f"The loss after {STEPS} steps, by learning rate: {tried}; of the model as it stands: {standing:.4f}."
    if chosen is None:
        return f"So few steps gain nothing at any rate and cannot tell: leave it at {present:.2g}. {told}"
    if chosen == present:
        return f"Leave the learning rate at {present:.2g}. {told}"
    return f"Take --set learning_rate={chosen:.2g} instead of {present:.2g}. {told}"


def _snapshot(trainer: Trainer) -> Callable[[], None]:
    """Something to call that takes back all steps that were made since."""
    networks = trainer.networks
    changed = [
        networks.autoencoder,
        networks.ema,
        *(getattr(networks, name) for name in trainer.opponents),
        trainer.optimizer,
        *trainer.opponents.values(),
        trainer.scaler,
    ]
    states = [copy.deepcopy(one.state_dict()) for one in changed]

    def restore() -> None:
        for one, state in zip(changed, states, strict=True):
            one.load_state_dict(copy.deepcopy(state))

    return restore
