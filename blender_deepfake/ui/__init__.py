"""The sidebar of the sequencer."""

from .backend_panel import DEEPFAKE_PT_backend
from .jobs_panel import DEEPFAKE_PT_jobs
from .people_panel import DEEPFAKE_PT_people
from .swap_panel import DEEPFAKE_PT_swap
from .train_panel import DEEPFAKE_PT_train

CLASSES = (DEEPFAKE_PT_backend, DEEPFAKE_PT_jobs, DEEPFAKE_PT_people, DEEPFAKE_PT_train, DEEPFAKE_PT_swap)
