"""The train job: facesets in, a model's checkpoints out."""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.facesets.likeness import notice_others
from ml_backend.facesets.store import Faceset
from ml_backend.memory import peak_rss_mb
from ml_backend.networks.counts import count_parameters
from ml_backend.progress import Reporter, SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.gate import Granted, Purpose, check_bound, check_name_of_faces, refusals_entered, require
from ml_backend.requests import TrainRequest

from .base import find_base
from .budget import make_budget
from .build import Networks, build_networks
from .config import TrainingConfig, change_config
from .data import TrainingFaces, load_faces, split_held_out
from .device import resolve_precision, training_device
from .finding_rate import find_rate
from .fitting import free_memory, parts_needed
from .losses.shipped import load_recogniser
from .models.alone import alone
from .models.checkpoints import OPPONENTS, Checkpoint, list_checkpoints, load_checkpoint
from .models.portraits import keep_portraits
from .newcomers import learn_only, with_newcomers
from .parallel.launch import launch
from .parallel.world import World, find_world, joined, wait
from .presets import DEFAULT_PRESET_CPU, DEFAULT_PRESET_GPU, make_config
from .run import Origin, Run
from .state import Parts, carried_over, restore_moments, restore_networks
from .trainer import Trainer

DEFAULT_ITERATIONS = 100_000
FEWEST_IDENTITIES = 2


def run_train(request: TrainRequest, reporter: Reporter) -> dict[str, Any]:
    """Train the model until it has had `iterations` steps or `minutes` in all; a model that has them is left alone.

    A killed training goes on from its newest checkpoint; on the CPU, and with a budget of iterations, it ends with
    the same weights, bit for bit, as one that was not disturbed. Under torchrun all processes train the one model.
    Identities that are new to a model join it; where the facesets of the others are not given, these stay as they
    are, and the budget counts from then on. Raises ConsentRefused where a person has not agreed, where
    their faceset or the model was made under another record or name, UsageError for a
    wrong setting or faceset, Cancelled (after a checkpoint) when asked to stop.
    """
    started = time.monotonic()
    if len(request.facesets) < FEWEST_IDENTITIES and not list_checkpoints(request.model):
        raise UsageError(
            f"A new model needs the facesets of two identities, and only {', '.join(request.facesets)} is given.",
            "Add the faceset of the performer, or of the identity.",
        )
    granted = require(request.facesets, _purpose(request))
    world = find_world()
    if world.size == 1 and request.devices > 1 and not request.find_rate:
        result = launch(request, reporter)
        return result | {"seconds": round(time.monotonic() - started, 3)}
    device = training_device(world)
    with joined(world, device):
        result = _train(request, reporter if world.leads else SilentReporter(), granted, world, device)
    return result | {"seconds": round(time.monotonic() - started, 3), "peak_rss_mb": round(peak_rss_mb(), 1)}


def _train(
    request: TrainRequest, reporter: Reporter, granted: Granted, world: World, device: torch.device
) -> dict[str, Any]:
    before = list_checkpoints(request.model)
    previous = load_checkpoint(before[-1]) if before else None
    config = _config(request, previous, device)
    if config.batch_size < world.size:
        raise UsageError(
            f"A batch of {config.batch_size} faces cannot be shared by {world.size} processes.",
            f"Say --set batch_size={world.size} or more, or take fewer devices.",
        )
    budget = make_budget(request.iterations, request.minutes, DEFAULT_ITERATIONS)
    facesets = _facesets(request, previous)
    _check_records(request, facesets, previous, granted)
    landmarks = _landmark_model(facesets, previous)
    precision = resolve_precision(config.precision, device)
    known = previous.info.identities if previous else list(facesets)
    everybody = [*known, *(name for name in facesets if name not in known)]
    _check_flips(config, everybody)
    learned, held_out = _faces(facesets, config, device)
    # with the faces in memory: what is free is what a step can have
    free = free_memory(device, world)
    parts = parts_needed(config, len(everybody), precision, free, world, reporter.message, len(facesets))
    base = find_base(config.base, config.architecture) if previous is None else None
    networks = build_networks(config, known, device, base)
    kept: Parts = {}
    if previous is not None:
        kept = carried_over(previous, config, len(everybody))
        for text in _begins_anew(previous, kept, networks, config):
            reporter.message(text)
        restore_networks(networks, kept, before[-1])
    networks = _of_everybody(networks, everybody, list(facesets), reporter)
    recogniser = load_recogniser(device) if config.loss.recognition else None
    trainer = Trainer(config, networks, learned, device, precision, world, recogniser, reporter.message)
    trainer.accumulate = parts
    if previous is not None:
        restore_moments(trainer, kept, before[-1])
    if request.find_rate:
        audit.enter("find rate", granted.hashes(), {"model": request.model.name} | _purpose(request).facts())
        return find_rate(trainer, reporter)
    with alone(request.model, before) if world.leads else nullcontext():
        if world.leads:
            for name, faceset in facesets.items():
                notice_others(faceset, granted.records[name], reporter)
            done = previous.info.iteration if previous else 0
            facts: dict[str, str | int] = {"model": request.model.name, "iterations": done}
            audit.enter("train", granted.hashes(), facts | _purpose(request).facts())
            for name, faceset in facesets.items():
                keep_portraits(request.model, name, faceset)
        wait(world)
        origin = Origin(
            landmarks, base.sha256 if base else None, granted, _purpose(request), len(everybody) > len(known)
        )
        with Run(request.model, trainer, held_out, origin, previous.info if previous else None) as run:
            return run.until(budget, reporter)


def _of_everybody(
    networks: Networks, everybody: Sequence[str], learning: Sequence[str], reporter: Reporter
) -> Networks:
    """The networks with those who join them, of which only what belongs to the learning ones can change."""
    newcomers = everybody[len(networks.autoencoder.identities) :]
    if newcomers:
        networks = with_newcomers(networks, newcomers)
    rest = sorted(set(everybody) - set(learning))
    if rest:
        learn_only(networks.autoencoder, learning)
        reporter.message(f"No faceset is given of {', '.join(rest)}: nothing that they need is changed.")
    counts = count_parameters(networks.autoencoder)
    reporter.detail("Parameters: " + ", ".join(f"{part} {count:,}" for part, count in counts.items()) + ".")
    return networks


def _check_flips(config: TrainingConfig, everybody: Sequence[str]) -> None:
    strangers = set(config.augmentation.flip) - {"all", *everybody}
    if strangers:
        raise UsageError(
            f"The training setting augmentation.flip names {', '.join(sorted(strangers))}.",
            f"Name all, or some of {', '.join(everybody)}.",
        )


def _purpose(request: TrainRequest) -> Purpose:
    return Purpose("train", request.consent, request.project, request.shot)


def _check_records(
    request: TrainRequest, facesets: Mapping[str, Faceset], previous: Checkpoint | None, granted: Granted
) -> None:
    """ConsentRefused where facesets or the model were made under other names or records than those of today."""
    with refusals_entered(request.facesets, _purpose(request)):
        for name, faceset in facesets.items():
            check_name_of_faces(faceset.info.identity, name, faceset.folder)
        check_bound({name: one.info.consent for name, one in facesets.items() if one.info.consent}, granted)
        if previous is not None:
            check_bound(previous.info.consent, granted, previous.info.identities)


def _config(request: TrainRequest, previous: Checkpoint | None, device: torch.device) -> TrainingConfig:
    """The preset with its settings; a model that exists keeps its own, with the settings given now."""
    if previous is None:
        default = DEFAULT_PRESET_CPU if device.type == "cpu" else DEFAULT_PRESET_GPU
        return make_config(request.preset or default, request.settings)
    config = change_config(previous.info.config, request.settings)
    asked = make_config(request.preset, request.settings).architecture if request.preset else config.architecture
    if asked != previous.info.config.architecture or config.architecture != asked:
        raise UsageError(
            f"The model {request.model} has another architecture than asked for.", "Train into a new model folder."
        )
    if config.base != previous.info.config.base:
        raise UsageError(
            f"The model {request.model} began with base={previous.info.config.base}, not with {config.base}.",
            "Train into a new model folder, or leave out base.",
        )
    return config


def _begins_anew(previous: Checkpoint, kept: Parts, networks: Networks, config: TrainingConfig) -> list[str]:
    """Sentences about what does not go on from the checkpoint."""
    texts = []
    if previous.info.config.optimizer != config.optimizer:
        theirs = previous.info.config.optimizer
        texts.append(f"optimizer={config.optimizer} begins without what {theirs} knew of the weights.")
    for name in OPPONENTS:
        if getattr(networks, name) is not None and name not in kept:
            texts.append(f"The {name.replace('_', ' ')} begins anew.")
    return texts


def _facesets(request: TrainRequest, previous: Checkpoint | None) -> dict[str, Faceset]:
    """The faceset of each identity that learns, in the model's order and new ones last; UsageError for a wrong set."""
    given = request.facesets
    if previous is None:
        names = list(given)
    else:
        known = previous.info.identities
        names = [name for name in known if name in given] + [name for name in given if name not in known]
        # a forgotten faceset is not taken for the wish to leave somebody alone
        alone = set(given) == set(previous.info.learning)
        if not set(known) <= set(given) and set(given) <= set(known) and not alone:
            raise UsageError(
                f"The model {request.model} knows {', '.join(known)}, and facesets are given for {', '.join(given)}.",
                "Give a faceset for each identity of the model, add a new one, or train into a new folder.",
            )
    return {name: Faceset.open(given[name]) for name in names}


def _landmark_model(facesets: Mapping[str, Faceset], previous: Checkpoint | None) -> str:
    """The model that all landmarks are of; UsageError where they differ."""
    wanted = previous.info.landmark_model if previous else next(iter(facesets.values())).info.landmark_model
    for faceset in facesets.values():
        if faceset.info.landmark_model != wanted:
            raise UsageError(
                f"The faceset {faceset.folder} has landmarks of the model {faceset.info.landmark_model}, others "
                f"are of {wanted}: the same points lie elsewhere on the face.",
                "Extract all facesets of a model with the same landmarks.",
            )
    return wanted


def _faces(
    facesets: Mapping[str, Faceset], config: TrainingConfig, device: torch.device
) -> tuple[dict[str, TrainingFaces], dict[str, TrainingFaces]]:
    """The faces that are learned from, and those that only measure (none where nothing is held out)."""
    side = config.architecture.resolution
    blinks = config.augmentation.blinks
    faces = {name: load_faces(faceset, side, FACE.side, device, blinks=blinks) for name, faceset in facesets.items()}
    if not config.held_out:
        return faces, {}
    parts = {name: split_held_out(whole, config.held_out, config.seed) for name, whole in faces.items()}
    return {name: part[0] for name, part in parts.items()}, {name: part[1] for name, part in parts.items()}
