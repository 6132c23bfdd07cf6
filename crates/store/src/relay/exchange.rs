//! One artifact on its way to one approver, and the answer on its way back.
//!
//! `content` is JSON text that the gateway wrote and gets back byte for byte; a store never
//! looks inside.

use countersign_core::encoding::Hash;
use countersign_core::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};

/// The state of an exchange, in the words of the gateway's schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Waits for the approver.
    PendingApproval,
    /// Answered; the enforcer has not acknowledged the answer.
    Decided,
    /// Answered, and the enforcer has acknowledged it.
    Delivered,
    /// Nobody answered in time.
    Expired,
    /// The enforcer took it back.
    Withdrawn,
    /// The pairing ended before an answer.
    Cancelled,
}

impl State {
    /// The state at `now`: pending ends by itself when its time has come.
    #[must_use]
    pub fn at(self, now: Instant, expires_at: Instant) -> Self {
        match self {
            Self::PendingApproval if now >= expires_at => Self::Expired,
            other => other,
        }
    }
}

/// Who asks about an exchange. Each sees only its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party<'a> {
    /// The enforcer device that submitted it.
    Enforcer(&'a str),
    /// The approver device that it was sent to.
    Approver(&'a str),
}

/// How an enforcer names the approver device. Both work only over an open route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// By the token of the pairing.
    Token(String),
    /// By the approver's device id.
    Approver(String),
}

/// An artifact, sealed, as an enforcer hands it in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    /// The request; unique for the enforcer and for the approver.
    pub request_id: String,
    /// Who asks.
    pub enforcer_id: String,
    /// Who is asked.
    pub route: Route,
    /// The artifact's hash as given, for status replies.
    pub artifact_hash: String,
    /// The same, normalised: this is what is compared.
    pub artifact_key: String,
    /// When the exchange ends; the text is kept, the seal is bound to it.
    pub expires_at: Timestamp,
    /// The id of the `approval.request` message, the same on every redelivery.
    pub msg_id: String,
    /// What the approver is sent.
    pub content: String,
}

/// What became of a submission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Submitted {
    /// It waits in the inbox of this device.
    Accepted {
        /// The approver device that the route led to.
        approver_id: String,
    },
    /// The same request with the same hash was taken before, whatever became of it since.
    /// Nothing was written.
    Again,
    /// The request id is taken: by this enforcer with another hash, or in the same inbox.
    OtherArtifact,
    /// No open route leads there.
    NoRoute,
    /// Its time has come already.
    Expired,
    /// Too many wait between these two devices.
    Full,
}

/// A place between two messages of an ordered list: (moment, request id).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InboxCursor {
    /// When the message before the place came in.
    pub at: Instant,
    /// Its request.
    pub request_id: String,
}

/// A request that waits for an approver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The request.
    pub request_id: String,
    /// The id of the message.
    pub msg_id: String,
    /// What the approver is sent.
    pub content: String,
    /// When the gateway took it.
    pub received_at: Instant,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The sealed note beside it, where the enforcer left one.
    pub note: Option<String>,
}

impl Request {
    /// The place right after this request.
    #[must_use]
    pub fn cursor(&self) -> InboxCursor {
        InboxCursor { at: self.received_at, request_id: self.request_id.clone() }
    }
}

/// An approver's answer as it is handed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The request that it answers.
    pub request_id: String,
    /// The approver device that answers.
    pub approver_id: String,
    /// The artifact's hash, normalised.
    pub artifact_key: String,
    /// Names the decision: two with the same digest are the same decision.
    pub digest: Hash,
    /// The id of the `decision.deliver` message, the same on every redelivery.
    pub msg_id: String,
    /// What the enforcer is sent.
    pub content: String,
}

/// What became of a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decided {
    /// It is the first one. Here is what to deliver, and to whom.
    Accepted {
        /// The enforcer device that waits.
        enforcer_id: String,
        /// What it is sent.
        delivery: Delivery,
    },
    /// It was taken before.
    Again,
    /// Another one was taken before.
    DecidedOtherwise,
    /// It names another artifact than the one of this request.
    OtherArtifact,
    /// The exchange is over without a decision: expired, withdrawn or cancelled.
    Over(State),
    /// This approver has no such exchange.
    Unknown,
}

/// A decision that waits for its enforcer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The request that it answers.
    pub request_id: String,
    /// The id of the message.
    pub msg_id: String,
    /// What the enforcer is sent.
    pub content: String,
    /// When the gateway took the decision.
    pub decided_at: Instant,
    /// When the exchange ends.
    pub expires_at: Timestamp,
}

impl Delivery {
    /// The place right after this delivery.
    #[must_use]
    pub fn cursor(&self) -> InboxCursor {
        InboxCursor { at: self.decided_at, request_id: self.request_id.clone() }
    }
}

/// An exchange without its sealed artifact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The request.
    pub request_id: String,
    /// Who asked.
    pub enforcer_id: String,
    /// Who was asked.
    pub approver_id: String,
    /// The artifact's hash as it was given.
    pub artifact_hash: String,
    /// Where it stands now.
    pub state: State,
    /// When the gateway took it.
    pub received_at: Instant,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The answer, once there is one.
    pub delivery: Option<Delivery>,
}

/// What became of an acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acked {
    /// Redelivery stops; again is fine.
    Done,
    /// This device was sent no such message.
    Unknown,
}

/// What became of a withdrawal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Withdrawn {
    /// It is withdrawn now; gone from this device's inbox.
    Done {
        /// The approver device that no longer has it.
        approver_id: String,
    },
    /// It was over before, in this state.
    Over(State),
    /// This enforcer has no such exchange.
    Unknown,
}

/// An exchange that ended without an answer, for those who wait for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// The request.
    pub request_id: String,
    /// Who asked.
    pub enforcer_id: String,
    /// Who was asked.
    pub approver_id: String,
}
