"""Are these the faces of the person who agreed?"""

from ml_backend.progress import Reporter
from ml_backend.provenance.record import ConsentRecord
from ml_backend.provenance.references import check_likeness

from .persons import middle
from .store import Faceset

SAME_MEAN = 0.5  # two means of many embeddings nearer than this are one person's


def notice_others(faceset: Faceset, record: ConsentRecord, reporter: Reporter) -> None:
    """Warn, and enter in the audit, where the faces do not look like those first used under the person's record."""
    _, embeddings = faceset.embeddings()
    if not len(embeddings):
        return
    warning = check_likeness(record, middle(embeddings).tolist(), faceset.folder.name, SAME_MEAN)
    if warning:
        reporter.message(warning)
