"""What the buttons do; one operator a file."""

from .add_face import DEEPFAKE_OT_add_face
from .add_swap import DEEPFAKE_OT_add_swap
from .add_swap_preset import DEEPFAKE_OT_add_swap_preset
from .allow_folder import DEEPFAKE_OT_allow_folder
from .apply_masks import DEEPFAKE_OT_apply_masks
from .attach_consent import DEEPFAKE_OT_attach_consent
from .brush_colour import DEEPFAKE_OT_brush_colour
from .cancel_job import DEEPFAKE_OT_cancel_job
from .check_backend import DEEPFAKE_OT_check_backend
from .choose_model import DEEPFAKE_OT_choose_model
from .compare_swap import DEEPFAKE_OT_compare_swap
from .correct_landmarks import DEEPFAKE_OT_correct_landmarks
from .delete_face import DEEPFAKE_OT_delete_face
from .evaluate_swap import DEEPFAKE_OT_evaluate_swap
from .extract import DEEPFAKE_OT_extract
from .extract_clip import DEEPFAKE_OT_extract_clip
from .extract_folder import DEEPFAKE_OT_extract_folder
from .find_swaps import DEEPFAKE_OT_find_swaps
from .fork_model import DEEPFAKE_OT_fork_model
from .make_consent import DEEPFAKE_OT_make_consent
from .move_face import DEEPFAKE_OT_move_face
from .move_job import DEEPFAKE_OT_move_job
from .new_model import DEEPFAKE_OT_new_model
from .open_log import DEEPFAKE_OT_open_log
from .open_report import DEEPFAKE_OT_open_report
from .paint_mask import DEEPFAKE_OT_paint_mask
from .pause_job import DEEPFAKE_OT_pause_job
from .pick_person import DEEPFAKE_OT_pick_person
from .place import DEEPFAKE_OT_place
from .preview_swap import DEEPFAKE_OT_preview_swap
from .refresh_people import DEEPFAKE_OT_refresh_people
from .remove_job import DEEPFAKE_OT_remove_job
from .reset_swap import DEEPFAKE_OT_reset_swap
from .resume_job import DEEPFAKE_OT_resume_job
from .retry_job import DEEPFAKE_OT_retry_job
from .roll_back_model import DEEPFAKE_OT_roll_back_model
from .save_mask import DEEPFAKE_OT_save_mask
from .show_coverage import DEEPFAKE_OT_show_coverage
from .show_people import DEEPFAKE_OT_show_people
from .show_training import DEEPFAKE_OT_show_training
from .start_backend import DEEPFAKE_OT_start_backend
from .stop_backend import DEEPFAKE_OT_stop_backend
from .swap import DEEPFAKE_OT_swap
from .swap_version_delete import DEEPFAKE_OT_swap_version_delete
from .swap_version_new import DEEPFAKE_OT_swap_version_new
from .swap_version_show import DEEPFAKE_OT_swap_version_show
from .train import DEEPFAKE_OT_train
from .train_mask import DEEPFAKE_OT_train_mask
from .undo_repair import DEEPFAKE_OT_undo_repair
from .update_swap import DEEPFAKE_OT_update_swap
from .use_drawn_mask import DEEPFAKE_OT_use_drawn_mask
from .use_swap_settings import DEEPFAKE_OT_use_swap_settings

CLASSES = (
    DEEPFAKE_OT_add_face,
    DEEPFAKE_OT_add_swap,
    DEEPFAKE_OT_add_swap_preset,
    DEEPFAKE_OT_allow_folder,
    DEEPFAKE_OT_apply_masks,
    DEEPFAKE_OT_attach_consent,
    DEEPFAKE_OT_brush_colour,
    DEEPFAKE_OT_cancel_job,
    DEEPFAKE_OT_check_backend,
    DEEPFAKE_OT_compare_swap,
    DEEPFAKE_OT_choose_model,
    DEEPFAKE_OT_correct_landmarks,
    DEEPFAKE_OT_delete_face,
    DEEPFAKE_OT_evaluate_swap,
    DEEPFAKE_OT_extract,
    DEEPFAKE_OT_extract_clip,
    DEEPFAKE_OT_extract_folder,
    DEEPFAKE_OT_find_swaps,
    DEEPFAKE_OT_fork_model,
    DEEPFAKE_OT_make_consent,
    DEEPFAKE_OT_move_face,
    DEEPFAKE_OT_move_job,
    DEEPFAKE_OT_new_model,
    DEEPFAKE_OT_open_log,
    DEEPFAKE_OT_open_report,
    DEEPFAKE_OT_paint_mask,
    DEEPFAKE_OT_pause_job,
    DEEPFAKE_OT_pick_person,
    DEEPFAKE_OT_place,
    DEEPFAKE_OT_preview_swap,
    DEEPFAKE_OT_refresh_people,
    DEEPFAKE_OT_remove_job,
    DEEPFAKE_OT_reset_swap,
    DEEPFAKE_OT_resume_job,
    DEEPFAKE_OT_retry_job,
    DEEPFAKE_OT_roll_back_model,
    DEEPFAKE_OT_save_mask,
    DEEPFAKE_OT_show_coverage,
    DEEPFAKE_OT_show_people,
    DEEPFAKE_OT_show_training,
    DEEPFAKE_OT_start_backend,
    DEEPFAKE_OT_stop_backend,
    DEEPFAKE_OT_swap,
    DEEPFAKE_OT_swap_version_delete,
    DEEPFAKE_OT_swap_version_new,
    DEEPFAKE_OT_swap_version_show,
    DEEPFAKE_OT_train,
    DEEPFAKE_OT_train_mask,
    DEEPFAKE_OT_undo_repair,
    DEEPFAKE_OT_update_swap,
    DEEPFAKE_OT_use_drawn_mask,
    DEEPFAKE_OT_use_swap_settings,
)
