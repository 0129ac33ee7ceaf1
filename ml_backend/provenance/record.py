"""The consent record: one signed JSON file for each identity, schema version 1."""

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from ml_backend.requests import Name

Basis = Literal["performer", "estate", "self", "synthetic", "licensed-dataset", "test"]
Action = Literal["train", "swap", "export-model"]

LONGEST: dict[str, timedelta] = {"test": timedelta(days=14)}
LONGEST_OTHERWISE = timedelta(days=3653)  # ten years with their leap days


def longest(basis: str) -> timedelta:
    """How long a record of this basis may be valid."""
    return LONGEST.get(basis, LONGEST_OTHERWISE)


def canonical_json(value: Any) -> bytes:
    """The one spelling of a JSON value that is signed and hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def writable(text: str) -> str:
    """The text in UTF-8, also where a file's name is not: its bytes are spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _whole_seconds_utc(moment: datetime) -> datetime:
    if moment.microsecond:
        raise ValueError("a time in whole seconds is needed")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # within a day of the first or the last year
        raise ValueError("a time that a calendar has is needed") from error


def _spell(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


UtcTime = Annotated[AwareDatetime, AfterValidator(_whole_seconds_utc), PlainSerializer(_spell, when_used="json")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=False)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PublicKeyHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SignatureHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Signature(_Frozen):
    """Ed25519 over the canonical JSON of the terms; key and value in lower-case hex."""

    algorithm: Literal["ed25519"] = "ed25519"
    key: PublicKeyHex
    value: SignatureHex


class ConsentTerms(_Frozen):
    """What was agreed. `identity` is a pseudonym: the legal name stays in production's own document."""

    version: Literal[1] = 1
    identity: Name
    nonce: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        default_factory=lambda: secrets.token_hex(16), description="Makes every record's hash its own"
    )
    basis: Basis
    project: Text
    shots: tuple[Glob, ...] = Field(default=("*",), min_length=1, description="Globs of the shots that are covered")
    actions: tuple[Action, ...] = Field(min_length=1)
    use: Text = Field(description="What the likeness is used for, in plain words")
    valid_from: UtcTime
    expires: UtcTime
    intimate: Literal[False] = False
    granted_by: Text
    witness: Text | None = None
    rider_sha256: Sha256 | None = Field(default=None, description="Hash of the signed document; production keeps it")
    replaces: tuple[Sha256, ...] = Field(
        default=(),
        max_length=256,
        description="Hashes of all earlier records of the same person that this one succeeds",
    )

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Records that were signed before a field was thought of have the same bytes as ever."""
        content: dict[str, Any] = dump(self)
        if not content.get("replaces"):
            content.pop("replaces", None)
        return content

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.expires <= self.valid_from:
            raise ValueError("expires must be later than valid_from")
        if self.expires - self.valid_from > longest(self.basis):
            raise ValueError(f"basis {self.basis} may last {longest(self.basis).days} days at most")
        if self.basis == "test" and "export-model" in self.actions:
            raise ValueError("basis test does not allow the action export-model")
        return self


class ConsentRecord(ConsentTerms):
    """Terms with the signature of whoever answers for them."""

    signature: Signature

    def signed_bytes(self) -> bytes:
        """The canonical JSON of the terms, which is what the signature covers."""
        return canonical_json(self.model_dump(mode="json", exclude={"signature"}))

    def sha256(self) -> str:
        """Hash of the terms in hex. It names the record in models, swaps and the revocation list."""
        return hashlib.sha256(self.signed_bytes()).hexdigest()

    def signature_holds(self) -> bool:
        """Was exactly this signed with the key that the record names?"""
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.signature.key))
        try:
            key.verify(bytes.fromhex(self.signature.value), self.signed_bytes())
        except InvalidSignature:
            return False
        return True


def succeeds(record: ConsentRecord, sha256: str) -> bool:
    """Is `sha256` this very record, or an earlier one of the same person?"""
    return sha256 == record.sha256() or sha256 in record.replaces


def sign(terms: ConsentTerms, key: Ed25519PrivateKey) -> ConsentRecord:
    """A record of `terms` signed with `key`."""
    content = terms.model_dump(mode="json")
    public = key.public_key().public_bytes_raw().hex()
    signature = {"algorithm": "ed25519", "key": public, "value": key.sign(canonical_json(content)).hex()}
    return ConsentRecord.model_validate_json(json.dumps({**content, "signature": signature}))
