"""The sidebars of the sequencer and of the Image Editor."""

import bpy

from . import menus
from .backend_panel import DEEPFAKE_PT_backend
from .jobs_panel import DEEPFAKE_PT_jobs
from .masks_panel import DEEPFAKE_PT_mask_image, DEEPFAKE_PT_masks
from .people_panel import DEEPFAKE_PT_consent, DEEPFAKE_PT_extraction, DEEPFAKE_PT_people
from .repair_panel import DEEPFAKE_PT_repair
from .swap_panel import DEEPFAKE_PT_finished_swap, DEEPFAKE_PT_swap
from .swap_settings_panels import PANELS
from .swap_versions_panel import DEEPFAKE_PT_compare, DEEPFAKE_PT_swap_versions
from .train_panel import DEEPFAKE_MT_checkpoints, DEEPFAKE_PT_train
from .training_settings_panels import PANELS as TRAINING_PANELS

CLASSES: tuple[type[bpy.types.Panel | bpy.types.Menu | bpy.types.FileHandler], ...] = (
    *menus.CLASSES,
    DEEPFAKE_PT_backend,
    DEEPFAKE_PT_jobs,
    DEEPFAKE_PT_people,
    DEEPFAKE_PT_consent,
    DEEPFAKE_PT_extraction,
    DEEPFAKE_PT_repair,
    DEEPFAKE_PT_masks,
    DEEPFAKE_PT_mask_image,
    DEEPFAKE_MT_checkpoints,
    DEEPFAKE_PT_train,
    *TRAINING_PANELS,
    DEEPFAKE_PT_swap,
    DEEPFAKE_PT_swap_versions,
    DEEPFAKE_PT_compare,
    *PANELS,
    DEEPFAKE_PT_finished_swap,
)
