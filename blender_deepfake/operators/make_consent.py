"""Write down that a person agreed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, people, project, session
from ..core import new_record
from ..core.consent_records import BASES
from ..core.errors import DeepfakeError
from ..core.new_record import ACTIONS, AGREED, NewRecord

_RARE = ("witness", "reference", "key", "succeeds")
_ANEW = {"SKIP_SAVE"}  # else the next person's dialog would come with this one's, unseen where More is not ticked


class DEEPFAKE_OT_make_consent(bpy.types.Operator):
    bl_idname = "deepfake.make_consent"
    bl_label = "Make Consent Record"
    bl_description = (
        "Write down who agreed to what, and sign it. The record is a statement of yours: make none where nobody agreed"
    )

    if TYPE_CHECKING:
        role: str
        basis: str
        project: str
        granted_by: str
        use: str
        days: int
        shots: str
        actions: set[str]
        rider: str
        beside: bool
        replace: bool
        more: bool
        witness: str
        reference: str
        key: str
        succeeds: str
    else:
        role: bpy.props.StringProperty(name="Role", description="Performer or identity", options={"HIDDEN"})
        basis: bpy.props.EnumProperty(name="Basis", description="Why the face may be used", items=BASES)
        project: bpy.props.StringProperty(name="Project", description="The production that the person agreed to")
        granted_by: bpy.props.StringProperty(
            name="Who Agreed", description="By role or pseudonym, such as: the actor. Never the legal name"
        )
        use: bpy.props.StringProperty(
            name="Use", description="What the likeness is used for, in plain words, such as: younger in the flashback"
        )
        days: bpy.props.IntProperty(
            name="Days", description="How long it is valid. A test: 14 at most", default=365, min=1, max=3653
        )
        shots: bpy.props.StringProperty(
            name="Shots", description="The shots that it covers, such as sh010*,sh020. Empty: all of the project"
        )
        actions: bpy.props.EnumProperty(
            name="Allows",
            description="What the person agreed to. Shift-click takes several",
            items=ACTIONS,
            default=set(new_record.USUAL),
            options={"ENUM_FLAG"},
        )
        rider: bpy.props.StringProperty(
            name="Document",
            description="File of the signed agreement. Only its fingerprint is stored; keep the file",
            subtype="FILE_PATH",
        )
        beside: bpy.props.BoolProperty(
            name="Keep With the Edit", description="In deepfake/consent beside the edit, not with your own records"
        )
        replace: bpy.props.BoolProperty(
            name="Replace", description="Put the new record in the place of the one that is there"
        )
        more: bpy.props.BoolProperty(
            name="More", description="A witness, a picture to know the person by, the studio's key, earlier records"
        )
        witness: bpy.props.StringProperty(
            name="Witness", description="Who witnessed it, by role or pseudonym", options=_ANEW
        )
        reference: bpy.props.StringProperty(
            name="Picture",
            description="A picture of this person alone: faces of others are noticed by it. It is not stored",
            subtype="FILE_PATH",
            options=_ANEW,
        )
        key: bpy.props.StringProperty(
            name="Key",
            description="Sign with this key, such as the studio's. Empty: your own",
            subtype="FILE_PATH",
            options=_ANEW,
        )
        succeeds: bpy.props.StringProperty(
            name="Succeeds",
            description="Hashes of earlier records of the same person, who agrees to what was made under them, too. "
            "Replace names those that were not revoked by itself",
            options=_ANEW,
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        settings = compat.sequencer_scene(context).deepfake
        self.project = self.project or settings.project
        person = people.person(self.role)
        state = person.consent
        wanted = new_record.advised(getattr(settings, self.role), _errors(person))
        known = not isinstance(state, DeepfakeError) and state is not None and state.state != "missing"
        self.replace = known or wanted.replace
        self.actions, self.succeeds = set(wanted.actions), wanted.succeeds
        self.beside = self.beside or wanted.folder is not None  # to replace a record, it must lie where that does
        self.more = any(getattr(self, field) for field in _RARE)
        manager: Any = context.window_manager
        answer: set[Any] = manager.invoke_props_dialog(self, width=420, confirm_text="Make and Sign")
        return answer

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        name = getattr(compat.sequencer_scene(context).deepfake, self.role)
        layout.label(text=f"For {name}, a pseudonym", icon="USER")
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(self, "basis")
        said = column.split(factor=0.4)  # where the fields begin
        said.label()
        said.label(text=next(text for word, _, text in BASES if word == self.basis))
        agreed = column.column()
        for field in ("project", "granted_by", "use"):
            agreed.prop(self, field, placeholder="Needed" if self.basis in AGREED else "")
        column.row().prop(self, "actions")
        column.prop(self, "days")
        column.prop(self, "shots", placeholder="All")
        column.prop(self, "rider")
        column.prop(self, "beside")
        column.prop(self, "replace")
        column.prop(self, "more")
        for field in _RARE if self.more else ():
            column.prop(self, field, placeholder="Your own" if field == "key" else "")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        settings, folder = scene.deepfake, None
        try:
            if self.role not in people.ROLES:
                raise DeepfakeError(f"{self.role!r} is no role.", "Say performer or identity.")
            if self.beside:
                folder = project.consent_records()
                settings.consent = settings.consent or project.written(folder)
                folder = project.absolute(settings.consent)
            rider, reference, key = (
                project.absolute(path) if path else None for path in (self.rider, self.reference, self.key)
            )
            record = NewRecord(
                name=getattr(settings, self.role),
                basis=self.basis,
                project=self.project,
                granted_by=self.granted_by,
                use=self.use,
                days=min(self.days, 14) if self.basis == "test" else self.days,
                shots=self.shots,
                witness=self.witness,
                rider=rider,
                reference=reference,
                actions=tuple(self.actions),
                key=key,
                succeeds=self.succeeds,
                folder=folder,
                replace=self.replace,
            )
            people.make_record(self.role, record)
            failure = people.person(self.role).failure
            if bpy.app.background and failure is not None:
                raise failure
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        settings.project = settings.project or self.project.strip()
        return {"FINISHED"}


def _errors(person: people.Person) -> Iterator[str]:
    """What was said against the record that there is: by the jobs since it was made, and by the check."""
    for entry in session.current().board.ended:
        if entry.error is not None and entry.ended_at > person.made:
            yield entry.error.fix
    yield str(getattr(person.consent, "fix", ""))
