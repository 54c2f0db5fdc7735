"""Writes of the signatures; other apps call these."""

from wufei.apps.signatures.codes import Issued, issue_one_time_code, redeem_one_time_code
from wufei.apps.signatures.delegations import (
    Evidence,
    NewDelegation,
    evidence_findings,
    give_delegation,
    keep_evidence,
    revoke_delegation,
)
from wufei.apps.signatures.keys import kept_key, register_device_key, rename_device, revoke_key
from wufei.apps.signatures.signing import DeviceSignature, Part, authority, sign, sign_many
from wufei.apps.signatures.subjects import Asked, SubjectKind, Summary, register_subject

__all__ = [
    "Asked",
    "DeviceSignature",
    "Evidence",
    "Issued",
    "NewDelegation",
    "Part",
    "SubjectKind",
    "Summary",
    "authority",
    "evidence_findings",
    "give_delegation",
    "issue_one_time_code",
    "keep_evidence",
    "kept_key",
    "redeem_one_time_code",
    "register_device_key",
    "register_subject",
    "rename_device",
    "revoke_delegation",
    "revoke_key",
    "sign",
    "sign_many",
]
