"""An Open Job Description template: faces, then the pieces at once, then join and sign.

Source: the specification `jobtemplate-2023-09` with its extension TASK_CHUNKING (RFC 0001).
"""

from typing import Any

from .job import FarmJob

FILE = "template.json"
_HOUR = 3600
_MAPPED = ("--path-mapping-rules", "{{Session.PathMappingRulesFile}}")


def template(job: FarmJob) -> dict[str, Any]:
    """The template as JSON. It lies in the job's folder, which is the default of its parameter JobFolder."""
    frames = {
        "name": "Frame",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
    }
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": job.name,
        "description": f"Face swap of the frames {job.frames} as {job.request.identity}.",
        "parameterDefinitions": [
            {
                "name": "JobFolder",
                "type": "PATH",
                "objectType": "DIRECTORY",
                "dataFlow": "NONE",
                "default": ".",
                "description": "The folder with job.json, which every machine sees",
            },
            {
                "name": "Backend",
                "type": "STRING",
                "default": "ml-backend",
                "description": "The ml-backend program of the workers",
            },
            {"name": "Frames", "type": "STRING", "default": job.frames, "description": "All frames of the plate"},
            {
                "name": "ChunkSize",
                "type": "INT",
                "default": job.chunk,
                "minValue": 1,
                "description": "Frames of a piece",
            },
        ],
        "steps": [
            _step("Faces", ["faces"], 12 * _HOUR),
            {
                **_step("Frames", ["frames", "--frames", "{{Task.Param.Frame}}"], 12 * _HOUR, after="Faces"),
                "parameterSpace": {"taskParameterDefinitions": [frames]},
            },
            _step("Join", ["join"], _HOUR, after="Frames"),
        ],
    }


def _step(name: str, arguments: list[str], seconds: int, after: str | None = None) -> dict[str, Any]:
    run = {
        "command": "{{Param.Backend}}",
        "args": ["farm", "step", "{{Param.JobFolder}}", *arguments, *_MAPPED],
        "timeout": seconds,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 60},
    }
    step: dict[str, Any] = {"name": name, "script": {"actions": {"onRun": run}}}
    return {**step, "dependencies": [{"dependsOn": after}]} if after else step
