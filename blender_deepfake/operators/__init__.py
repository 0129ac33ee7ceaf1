"""What the buttons do; one operator a file."""

from .cancel_job import DEEPFAKE_OT_cancel_job
from .extract import DEEPFAKE_OT_extract
from .open_log import DEEPFAKE_OT_open_log
from .place import DEEPFAKE_OT_place
from .start_backend import DEEPFAKE_OT_start_backend
from .stop_backend import DEEPFAKE_OT_stop_backend
from .swap import DEEPFAKE_OT_swap
from .train import DEEPFAKE_OT_train

CLASSES = (
    DEEPFAKE_OT_cancel_job,
    DEEPFAKE_OT_extract,
    DEEPFAKE_OT_open_log,
    DEEPFAKE_OT_place,
    DEEPFAKE_OT_start_backend,
    DEEPFAKE_OT_stop_backend,
    DEEPFAKE_OT_swap,
    DEEPFAKE_OT_train,
)
