//! A stop on its way from an approver's device to an enforcer.
//!
//! The gateway sees from whom and to whom, and nothing of what is inside. It keeps one stop of
//! each approver for each enforcer until that one has heeded it.

use crate::envelope::Body;
use countersign_core::message::Message;
use countersign_core::sealing::Sealed;
use serde::{Deserialize, Serialize};

/// The body of `POST /v1/stops`, an approver's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StopSubmit {
    /// The enforcer's device.
    pub enforcer_id: String,
    /// Names the stop; random.
    pub stop_id: String,
    /// The signed stop, sealed to the enforcer.
    pub ciphertext: Sealed,
}

impl Message for StopSubmit {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for StopSubmit {
    const MSG_TYPE: &'static str = "stop.submit";
}

/// The reply: it is kept until the enforcer takes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StopAccepted {
    /// The stop.
    pub stop_id: String,
}

impl Message for StopAccepted {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for StopAccepted {
    const MSG_TYPE: &'static str = "stop.accepted";
}

/// A stop that waits for its enforcer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WaitingStop {
    /// The stop.
    pub stop_id: String,
    /// The approver's device: a hint, the signature inside counts.
    pub approver_id: String,
    /// The signed stop, sealed to the enforcer.
    pub ciphertext: Sealed,
}

/// The reply of `GET /v1/enforcers/{id}/stops`, which is the enforcer's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StopPage {
    /// What waits; of many approvers only some.
    pub stops: Vec<WaitingStop>,
}

impl Message for StopPage {
    const LIMIT: usize = crate::limit::PAGE;
}

impl Body for StopPage {
    const MSG_TYPE: &'static str = "stop.page";
}
