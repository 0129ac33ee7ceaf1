"""`ml-backend train --find-rate`: which learning rate to take."""

from typing import Any

from ml_backend.errors import Cancelled
from ml_backend.progress import Reporter

from .optimizers.rate_finder import STEPS, suggest, try_rates
from .trainer import Trainer


def find_rate(trainer: Trainer, reporter: Reporter) -> dict[str, Any]:
    """Try rates on a trainer that is thrown away afterwards; nothing is written.

    Returns the rate to take (None where no rate made the loss fall) and what it was seen in. Raises Cancelled.
    """
    warm = trainer.config.warm_up

    def step(number: int, rate: float) -> float:
        if reporter.stop_requested():
            raise Cancelled
        loss = float(trainer.step(warm + number, 0.0, rate))
        reporter.progress("rates", number + 1, STEPS, {"learning_rate": rate, "loss": loss})
        return loss

    try:
        test = try_rates(step)
    finally:
        trainer.batches.close()
    found = suggest(test.rates, test.losses)
    if found is None:
        reporter.message("No learning rate made the loss fall: the model has learned what it can, or wants more steps.")
    else:
        more = "" if found.diverged else "; the loss never rose again, so a larger one may do too"
        reporter.message(f"Take --set learning_rate={found.rate:.2g}{more}.")
    return {
        "learning_rate": found.rate if found else None,
        "steepest": found.steepest if found else None,
        "rates": list(test.rates),
        "losses": list(test.losses),
    }
