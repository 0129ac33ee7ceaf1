"""What the buttons do; one operator a file."""

from .allow_folder import DEEPFAKE_OT_allow_folder
from .cancel_job import DEEPFAKE_OT_cancel_job
from .check_backend import DEEPFAKE_OT_check_backend
from .extract import DEEPFAKE_OT_extract
from .move_job import DEEPFAKE_OT_move_job
from .open_log import DEEPFAKE_OT_open_log
from .pause_job import DEEPFAKE_OT_pause_job
from .place import DEEPFAKE_OT_place
from .remove_job import DEEPFAKE_OT_remove_job
from .resume_job import DEEPFAKE_OT_resume_job
from .retry_job import DEEPFAKE_OT_retry_job
from .start_backend import DEEPFAKE_OT_start_backend
from .stop_backend import DEEPFAKE_OT_stop_backend
from .swap import DEEPFAKE_OT_swap
from .train import DEEPFAKE_OT_train

CLASSES = (
    DEEPFAKE_OT_allow_folder,
    DEEPFAKE_OT_cancel_job,
    DEEPFAKE_OT_check_backend,
    DEEPFAKE_OT_extract,
    DEEPFAKE_OT_move_job,
    DEEPFAKE_OT_open_log,
    DEEPFAKE_OT_pause_job,
    DEEPFAKE_OT_place,
    DEEPFAKE_OT_remove_job,
    DEEPFAKE_OT_resume_job,
    DEEPFAKE_OT_retry_job,
    DEEPFAKE_OT_start_backend,
    DEEPFAKE_OT_stop_backend,
    DEEPFAKE_OT_swap,
    DEEPFAKE_OT_train,
)
