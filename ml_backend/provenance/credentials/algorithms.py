"""The signature algorithms of C2PA, by the kind of key.

Source: the C2PA specification 2.2, section 13.2: ES256 to ES512 (raw r and s), PS256, Ed25519.
"""

from c2pa import C2paSigningAlg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_CURVES: dict[str, tuple[C2paSigningAlg, hashes.HashAlgorithm]] = {
    "secp256r1": (C2paSigningAlg.ES256, hashes.SHA256()),
    "secp384r1": (C2paSigningAlg.ES384, hashes.SHA384()),
    "secp521r1": (C2paSigningAlg.ES512, hashes.SHA512()),
}


def algorithm_of(key: Key) -> C2paSigningAlg | None:
    """None for a key that C2PA does not take."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return C2paSigningAlg.ED25519
    if isinstance(key, rsa.RSAPrivateKey):
        return C2paSigningAlg.PS256 if key.key_size >= 2048 else None
    return _CURVES[key.curve.name][0] if key.curve.name in _CURVES else None


def sign_with(key: Key, data: bytes) -> bytes:
    """The signature in the form that COSE wants."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return key.sign(data, salted, hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_CURVES[key.curve.name][1])))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")
