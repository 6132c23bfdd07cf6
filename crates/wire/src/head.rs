//! A head of an enforcer's ledger, handed to the gateway to remember (PROTOCOL §9).

use crate::envelope::Body;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::message::Message;
use serde::{Deserialize, Serialize};

/// The body of `POST /v1/heads`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HeadSubmit {
    /// The enforcer's newest head.
    pub checkpoint: Checkpoint,
}

impl Message for HeadSubmit {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for HeadSubmit {
    const MSG_TYPE: &'static str = "head.submit";
}

/// The reply: the newest head of that ledger that the gateway remembers now. Where it is not the
/// one submitted, the enforcer checks whether its ledger still contains it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HeadRemembered {
    /// The newest head.
    pub checkpoint: Checkpoint,
}

impl Message for HeadRemembered {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for HeadRemembered {
    const MSG_TYPE: &'static str = "head.remembered";
}
