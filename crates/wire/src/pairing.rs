//! How two devices meet through a gateway that understands none of their proofs (PROTOCOL §8).
//!
//! These messages stand in no envelope. The published binding has a bare `publicKey`, of a kind
//! it does not name, and no proofs; with its placeholder nobody could prove to hold a key. Ours
//! is the 64 bytes of `core`, with the signature that ties its halves together, under `keys`. The
//! published spelling is read too: `publicKey` beside the other members, with `kxSignature`.

use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::{PublicKeys, Signature};
use countersign_core::pairing::{Code, Mac};
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The body of `POST /v1/pairing/initiate`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "InitiateText")]
pub struct Initiate {
    /// The enforcer's device id, random.
    pub enforcer_id: String,
    /// What the enforcer calls itself. In clear, and opt-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcer_label: Option<String>,
    /// What the enforcer calls its workspace. In clear, and opt-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
    /// The enforcer's keys, made for this pairing.
    pub keys: PublicKeys,
    /// SHA-256 of the enforcer's 64 key bytes and `r`.
    pub commitment: Hash,
}

/// The reply to [`Initiate`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Initiated {
    /// What a person types.
    pub code: Code,
    /// Names the pairing.
    pub nonce: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The reply to `GET /v1/pairing/resolve/{code}`. All of it is a claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Resolved {
    /// Names the pairing.
    pub nonce: String,
    /// The enforcer's device id.
    pub enforcer_id: String,
    /// What the enforcer calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_label: Option<String>,
    /// What the enforcer calls its workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
    /// The enforcer's keys.
    pub keys: PublicKeys,
    /// The enforcer's commitment.
    pub commitment: Hash,
    /// When the pairing ends.
    pub expires_at: Timestamp,
}

/// The body of `POST /v1/pairing/complete`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "CompleteText")]
pub struct Complete {
    /// Names the pairing.
    pub nonce: String,
    /// The approver's device id, random.
    pub approver_id: String,
    /// The approver's keys, made for this pairing.
    pub keys: PublicKeys,
    /// The approver's part of the digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<Fixed<32>>,
    /// The approver's proof of the link's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}

/// The reply to [`Complete`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Completed {
    /// Names the route. The enforcer is told too ([`PairingStatus`]); it opens nothing by itself.
    pub routing_token: String,
    /// What the enforcer calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_label: Option<String>,
    /// What the enforcer calls its workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
}

/// The body of `POST /v1/pairing/{nonce}/reveal`, from the enforcer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Reveal {
    /// What the commitment was made to.
    pub r: Fixed<32>,
}

/// The body of `POST /v1/pairing/{nonce}/confirm`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Confirm {
    /// Which side speaks; it must be the caller's.
    pub role: Role,
    /// The enforcer's proof of the link's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// Yes or no.
    pub accepted: bool,
}

/// Which side of an exchange a device stands on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It asks.
    Enforcer,
    /// It answers.
    Approver,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforcer => "enforcer",
            Self::Approver => "approver",
        }
    }
}

/// Where a pairing stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PairingState {
    /// Waits for an approver.
    Open,
    /// An approver has sent its keys.
    Completed,
    /// The enforcer has opened its commitment.
    Revealed,
    /// The enforcer said yes.
    Confirmed,
    /// One side said no.
    Refused,
    /// Its time ran out.
    Expired,
}

/// The reply to `GET /v1/pairing/{nonce}/status`, and to reveal and confirm.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PairingStatus {
    /// Where it stands.
    pub state: PairingState,
    /// The approver's device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_id: Option<String>,
    /// The approver's keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<PublicKeys>,
    /// The approver's part of the digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<Fixed<32>>,
    /// The approver's proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// What the enforcer revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<Fixed<32>>,
    /// The enforcer's proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_mac: Option<Mac>,
    /// The enforcer's yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_confirmed: Option<bool>,
    /// The approver's yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_confirmed: Option<bool>,
    /// Names the route; only in the reply to the enforcer's own confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_token: Option<String>,
}

/// The body of `POST /v1/pairings/revoke`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Revoke {
    /// The device on the other side.
    pub device_id: String,
}

/// The reply to [`Revoke`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Revoked {
    /// How many pending exchanges were cancelled.
    pub cancelled: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InitiateText {
    enforcer_id: String,
    enforcer_label: Option<String>,
    workspace_name: Option<String>,
    keys: Option<PublicKeys>,
    public_key: Option<Fixed<64>>,
    kx_signature: Option<Signature>,
    commitment: Hash,
}

impl TryFrom<InitiateText> for Initiate {
    type Error = &'static str;

    fn try_from(text: InitiateText) -> Result<Self, Self::Error> {
        Ok(Self {
            enforcer_id: text.enforcer_id,
            enforcer_label: text.enforcer_label,
            workspace_name: text.workspace_name,
            keys: one_spelling(text.keys, text.public_key, text.kx_signature)?,
            commitment: text.commitment,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CompleteText {
    nonce: String,
    approver_id: String,
    keys: Option<PublicKeys>,
    public_key: Option<Fixed<64>>,
    kx_signature: Option<Signature>,
    r2: Option<Fixed<32>>,
    mac: Option<Mac>,
}

impl TryFrom<CompleteText> for Complete {
    type Error = &'static str;

    fn try_from(text: CompleteText) -> Result<Self, Self::Error> {
        Ok(Self {
            nonce: text.nonce,
            approver_id: text.approver_id,
            keys: one_spelling(text.keys, text.public_key, text.kx_signature)?,
            r2: text.r2,
            mac: text.mac,
        })
    }
}

/// Exactly one of the two spellings of a device's keys.
fn one_spelling(
    keys: Option<PublicKeys>,
    public_key: Option<Fixed<64>>,
    kx_signature: Option<Signature>,
) -> Result<PublicKeys, &'static str> {
    match (keys, public_key, kx_signature) {
        (Some(keys), None, None) => Ok(keys),
        (None, Some(public_key), Some(kx_signature)) => {
            let text = json!({"publicKey": public_key, "kxSignature": kx_signature});
            serde_json::from_value(text).map_err(|_| "the two halves of the key do not fit")
        }
        _ => Err("needs `keys` with `publicKey` and `kxSignature`"),
    }
}
