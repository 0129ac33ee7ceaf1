"""A job type for Flamenco: its manager runs this JavaScript to make the tasks.

Source: Flamenco 3's job compiler scripts (`JOB_TYPE`, `compileJob`, `author.Task`, `author.Command`). Its
`frameChunker` is not used: it writes a piece of two frames as `7,8`, which is no range.
"""

import json
from pathlib import Path

from .job import FarmJob

FILE = "deepfake-swap.js"

_SCRIPT = """// A Flamenco job type: copy it into the manager's scripts folder, then submit jobs of this type.
const JOB_TYPE = {
    label: "Deepfake Swap",
    settings: [
        { key: "job_folder", type: "string", required: true, default: %(folder)s,
          description: "The folder with job.json, at the same place on every worker" },
        { key: "backend", type: "string", required: true, default: %(backend)s,
          description: "The ml-backend program of the workers" },
        { key: "frames", type: "string", required: true, default: %(frames)s, description: "All frames of the plate" },
        { key: "chunk_size", type: "int32", default: %(chunk)d, description: "Frames of a piece" },
    ],
};

function step(settings, name, args) {
    const task = author.Task(name, "misc");
    task.addCommand(author.Command("exec", {
        exe: settings.backend,
        args: ["farm", "step", settings.job_folder].concat(args),
    }));
    return task;
}

function pieces(frames, size) {
    const ends = /^(\\d+)(?:-(\\d+))?$/.exec(frames.trim());
    if (!ends || size < 1) {
        throw new Error("Frames such as 1-60 and a chunk size of 1 or more are needed, not " + frames + " by " + size);
    }
    const ranges = [], last = Number(ends[2] || ends[1]);
    for (let first = Number(ends[1]); first <= last; first += size) {
        ranges.push(first + "-" + Math.min(first + size - 1, last));
    }
    return ranges;
}

function compileJob(job) {
    const settings = job.settings;
    const faces = step(settings, "faces", ["faces"]);
    const join = step(settings, "join", ["join"]);
    job.addTask(faces);
    for (let frames of pieces(settings.frames, settings.chunk_size)) {
        const piece = step(settings, "frames " + frames, ["frames", "--frames", frames]);
        piece.addDependency(faces);
        join.addDependency(piece);
        job.addTask(piece);
    }
    job.addTask(join);
}
"""


def script(job: FarmJob, folder: Path, backend: str) -> str:
    """The job type's text, with this job's values as its defaults."""
    values = {"folder": str(folder.absolute()), "backend": backend, "frames": job.frames}
    return _SCRIPT % {**{name: json.dumps(value) for name, value in values.items()}, "chunk": job.chunk}
