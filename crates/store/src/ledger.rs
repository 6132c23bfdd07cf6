//! What an enforcer must never forget: requests, accepted decisions, claims and receipts.
//!
//! Every method is one commit. "First wins" and "only once" are conditional writes inside the
//! store, never a check followed by a write, because several processes share one ledger. The
//! receipt of a change is written in the same commit as the change.

use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::action::ActionHash;
use countersign_core::artifact::Artifact;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Decision, Reason};
use countersign_core::display::counted;
use countersign_core::encoding::Hash;
use countersign_core::keys::KeyId;
use countersign_core::receipt::course::LEDGER;
use countersign_core::receipt::{Entry, Event, Hashed, PolicyNote, Receipt, Written};
use countersign_core::request::{self as step, State};
use countersign_core::time::Instant;
use countersign_core::verify::Vote;
use serde::{Deserialize, Serialize};

mod answers;
pub mod contract;
mod freeze;
mod grants;
pub mod items;
mod limits;
mod lookup;
mod memory;
mod own;
mod past;
pub mod read;
mod rounds;
pub mod segments;
pub mod told;
mod usable;
pub use answers::Answers;
pub use freeze::{FreezeStore, Frozen, Sent, Thaw};
pub use grants::{Given, GrantRecheck, GrantRecord, GrantStore, GrantUse, NewGrant};
pub use items::{ItemClaims, NewItemClaim, NewItemClaims};
pub use limits::{Crowd, LimitStore, Room, Turn};
pub use lookup::Lookup;
pub use memory::MemoryLedger;
pub use past::{Past, Proven};
pub use rounds::{Next, NextRound, RoundStore};
pub use usable::Usable;

/// Signs what the ledger writes. The store numbers and chains; the operator's key is not its own.
pub trait Notary: Send + Sync {
    /// Signs the content of a receipt.
    ///
    /// # Errors
    /// Where it cannot be signed; the commit then fails.
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError>;

    /// Signs a head.
    ///
    /// # Errors
    /// Where it cannot be signed; the commit then fails.
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError>;

    /// Whether a head was signed here: what it counts is counted on from only then.
    fn is_own(&self, head: &Checkpoint) -> bool;

    /// Hears of a head once it is durable in the ledger, so that it can be remembered elsewhere:
    /// of each before its callers hear that they are done, but for heads over nothing but calls
    /// that a policy let go. Those are handed on with the next one, every few hundred receipts,
    /// and when the ledger is closed.
    ///
    /// What goes wrong here takes nothing back: the receipts are written, and an older head stays
    /// true. Who hangs on a head demands it where it is kept.
    fn hand_on(&self, _head: &Checkpoint) {}
}

/// Who asks for what: an identical call is the same request only where all four agree.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequestKey {
    /// From the connection, never from inside the call.
    pub principal: String,
    /// The session the enforcer issued.
    pub session: String,
    /// The workspace's absolute directory.
    pub workspace: String,
    /// The call.
    pub action_hash: ActionHash,
}

/// One artifact, and to whom it was put.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    /// The pairing it travels by; `None` is the person at this terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairing: Option<String>,
    /// The approver's key.
    pub key_id: KeyId,
    /// The artifact as it was built here: decisions are checked against this one.
    pub artifact: Artifact,
}

/// A decision that was verified and accepted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Accepted {
    /// The decision, whole.
    pub decision: Decision,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A suspended action and everything that is known of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequestRecord {
    /// A ULID; also the `requestId` of its first artifact.
    pub id: String,
    /// Who asks for what.
    pub key: RequestKey,
    /// Where it stands.
    pub state: State,
    /// When it was suspended.
    pub created_at: Instant,
    /// When it ends in a refusal.
    pub expires_at: Instant,
    /// When others are asked in place of those of this round; `None` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ends: Option<Instant>,
    /// What the policy said of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyNote>,
    /// Its artifacts, of every round, oldest first.
    pub asked: Vec<Asked>,
    /// The accepted answers, of every round, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
}

/// What became of an attempt to suspend an action.
#[derive(Clone, PartialEq, Debug)]
pub enum Suspended {
    /// It is new, and must be put to its approvers.
    Opened(RequestRecord),
    /// The same call waits already.
    Joined(RequestRecord),
    /// The same call was approved and may be claimed.
    Ready(RequestRecord),
}

/// Whether a stored answer still counts: its key may have been taken back meanwhile.
pub type Counts = Box<dyn Fn(&Decision) -> bool + Send>;

/// The receipt's entry of a request as it stands after a change, with what the change was.
pub type Recorded = Box<dyn FnOnce(&RequestRecord, step::Event) -> Entry + Send>;

/// A verified answer.
pub struct Acceptance {
    /// The request.
    pub request_id: String,
    /// The proof that it is one.
    pub vote: Vote,
    /// Why, where the approver said so.
    pub reason: Option<Reason>,
    /// Asked of every stored answer, inside the transaction.
    pub counts: Counts,
    /// Makes the receipt's entry.
    pub entry: Recorded,
    /// The time.
    pub now: Instant,
}

/// Why a change of a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// No such request or claim.
    #[error("no request `{0}` in this ledger")]
    Unknown(String),
    /// The decision, its nonce or its request was used before.
    #[error("the decision was used before")]
    Replay,
    /// The request stands where this cannot happen to it.
    #[error("the request is {0:?}")]
    State(State),
    /// What was true when it was approved is true no more.
    #[error("{code}: {message}")]
    Void {
        /// The refusal's code.
        code: String,
        /// The refusal.
        message: String,
    },
    /// Somebody stopped everything.
    #[error("{0}")]
    Frozen(Box<Frozen>),
    /// More waits than may.
    #[error("only {} {whose} may wait, and as many stand in the queue behind", counted(*most, "request"))]
    Full {
        /// Whose, in words.
        whose: &'static str,
        /// How many may.
        most: u32,
    },
    /// The claim has its outcome already.
    #[error("the claim `{0}` has ended already")]
    Ended(String),
    /// What is kept of a request is not its own, or not what receipts say of it: somebody changed it.
    #[error("the ledger contradicts itself: {0}")]
    Contradicted(String),
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A right to start one action once, durable before the action starts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClaimRecord {
    /// A ULID.
    pub id: String,
    /// The request it uses.
    pub request_id: String,
    /// The process that claimed it, as named in `owners/`.
    pub owner: String,
    /// When.
    pub claimed_at: Instant,
    /// Whether its outcome is still unknown.
    pub open: bool,
}

/// The claim's transaction looks once more at everything that may have changed.
pub type Recheck = Box<dyn FnOnce(&RequestRecord) -> Result<(), LedgerError> + Send>;

/// A claim to be made.
pub struct NewClaim {
    /// A fresh ULID.
    pub id: String,
    /// The request to use.
    pub request_id: String,
    /// This process.
    pub owner: String,
    /// The time.
    pub now: Instant,
    /// Run inside the transaction; an error leaves everything as it was.
    pub recheck: Recheck,
    /// The receipt of the claim: with it in the chain, an older ledger that is put back does not
    /// contain the newest head any more, and the spent approval does not live again.
    pub entry: Entry,
}

/// An action to be let go without an answer.
pub struct NewPermit {
    /// A fresh ULID for the claim.
    pub id: String,
    /// What goes, without artifacts or answers.
    pub request: RequestRecord,
    /// This process.
    pub owner: String,
    /// The time.
    pub now: Instant,
    /// The receipt: `allowed`, or `observed`.
    pub entry: Entry,
}

/// What the gate looks back for: receipts that belong to no request and change who may do what, or
/// what may happen at all. The signed head counts them: see [`Past`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A key was pinned or is about to run out.
    Key,
    /// A policy was accepted.
    Policy,
    /// A key or a grant was taken back.
    Revoked,
    /// Everything was stopped, or let go again.
    Stop,
    /// It was forbidden that receipts are dropped, or allowed again.
    Hold,
}

impl Change {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Key, Self::Policy, Self::Revoked, Self::Stop, Self::Hold];

    /// Under what word a store files it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Policy => "policy",
            Self::Revoked => "revoked",
            Self::Stop => "frozen",
            Self::Hold => "held",
        }
    }

    /// The kind of change that an entry records.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        if entry.request_id.is_some() {
            return None;
        }
        match entry.event {
            Event::Key => Some(Self::Key),
            Event::Policy => Some(Self::Policy),
            Event::Revoked => Some(Self::Revoked),
            Event::Frozen => Some(Self::Stop),
            Event::Observed => is_of_hold(entry).then_some(Self::Hold),
            _ => None,
        }
    }
}

fn is_of_hold(entry: &Entry) -> bool {
    let said = |name| entry.action.as_ref().and_then(|action| action.get(name)?.as_str());
    said("kind") == Some(LEDGER) && matches!(said("change"), Some("held" | "released"))
}

/// The ledger. Several processes may hold it at once.
#[async_trait]
pub trait LedgerStore:
    RoundStore
    + read::Receipts
    + ItemClaims
    + Lookup
    + GrantStore
    + FreezeStore
    + LimitStore
    + segments::Segments
    + Send
    + Sync
{
    /// The ledger's random name, made when it was first opened.
    fn ledger_id(&self) -> &str;

    /// The ledger's secret for commitments (PROTOCOL §2); never leaves the home.
    fn secret(&self) -> &[u8; 32];

    /// The session of this principal and label: the stored one, else `fresh`.
    async fn session(
        &self,
        principal: &str,
        label: &str,
        fresh: &str,
    ) -> Result<String, StoreError>;

    /// The opaque repository reference of a workspace: the stored one, else `fresh`.
    async fn repo_ref(&self, workspace: &str, fresh: &str) -> Result<String, StoreError>;

    /// Suspends an action, unless the same call (by [`RequestKey`]) is open or approved already.
    ///
    /// Requests of the same key whose time is over are closed as expired first, each with a
    /// receipt made of `entry` with the event `expired` and that request's id and artifacts.
    /// `entry` is the receipt of the new request.
    async fn suspend(
        &self,
        request: RequestRecord,
        entry: Entry,
        now: Instant,
    ) -> Result<Suspended, LedgerError> {
        self.suspend_within(request, entry, Room::UNBOUNDED, now).await
    }

    /// Writes down that the artifacts were put to their approvers. Idempotent.
    async fn submitted(&self, request_id: &str, now: Instant)
    -> Result<RequestRecord, LedgerError>;

    /// Accepts a verified answer once: spends its `(requestId, artifactHash)` and `(nonce, signer)`,
    /// counts it together with the stored ones of its round, and records it. The answer that meets
    /// the route, or after which it can be met no more, moves the request in the same commit; any
    /// other is kept, and the request goes on waiting.
    ///
    /// The identical decision again answers with the request as it is and records nothing. One of an
    /// earlier round is refused with [`LedgerError::Void`].
    async fn accept(&self, acceptance: Acceptance) -> Result<RequestRecord, LedgerError>;

    /// Lets an action go that a policy allows: writes its request, used up from the start, its open
    /// claim and its receipt in one commit. It ends with [`LedgerStore::finish`].
    async fn permit(&self, permit: NewPermit) -> Result<ClaimRecord, LedgerError>;

    /// Uses an approval and records it. Exactly one caller wins; the others get
    /// [`LedgerError::State`]. A batch is not used whole: see [`ItemClaims`].
    async fn claim(&self, claim: NewClaim) -> Result<(ClaimRecord, RequestRecord), LedgerError>;

    /// Ends a claim, once, whose action somebody else carries out: the receipt of the claim,
    /// `released`, is the last.
    async fn hand_over(&self, claim_id: &str) -> Result<(), LedgerError>;

    /// Ends a claim, once, with its receipt (`executed`, `failed` or `uncertain`).
    async fn finish(
        &self,
        claim_id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError>;

    /// Ends an unclaimed request as withdrawn, or as expired where its time is over, with its
    /// receipt. On a request that has ended already it answers with that state and records nothing.
    async fn close(
        &self,
        request_id: &str,
        ending: Ending,
        entry: Entry,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError>;

    /// Records something that belongs to no open request.
    async fn record(&self, entry: Entry, now: Instant) -> Result<Receipt, StoreError>;

    /// One request.
    async fn request(&self, request_id: &str) -> Result<Option<RequestRecord>, StoreError>;

    /// Whether something of an approved request is still to be used, as its receipts and the head that
    /// was signed last say as well. A claim demands the same by itself; this is for those who go on
    /// without one.
    ///
    /// # Errors
    /// `State` where it is not approved by now; `Contradicted` where only its row says that it is.
    async fn stands(&self, request_id: &str) -> Result<(), LedgerError>;

    /// The requests for this call that were suspended at `since` or later and denied or withdrawn,
    /// of this principal in this workspace, whatever the session; oldest first.
    async fn refused(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError>;

    /// Every request that is not final, oldest first.
    async fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError>;

    /// Every claim without an outcome.
    async fn open_claims(&self) -> Result<Vec<ClaimRecord>, StoreError>;

    /// The receipt with this number; `None` names the newest.
    async fn receipt(&self, seq: Option<u64>) -> Result<Option<Receipt>, StoreError>;

    /// The receipts of one request, oldest first.
    async fn receipts_of(&self, request_id: &str) -> Result<Vec<Receipt>, StoreError>;

    /// The number and content hash of the newest receipt, without reading it.
    async fn newest(&self) -> Result<Option<(u64, Hash)>, StoreError>;

    /// The content hash of the receipt with this number.
    async fn content_hash(&self, seq: u64) -> Result<Option<Hash>, StoreError>;

    /// The newest signed head; one is signed in every commit that writes receipts.
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError>;
}

/// How an unclaimed request ends without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Whoever asked took it back.
    Withdrawn,
    /// Its time is over; refused while it is not.
    Expired,
}

/// The receipt's entry for a request that ran out of time, made from another entry's frame.
///
/// Answers stand in it only where the frame is this request's own, as whoever made it counts them;
/// those of another request stand in the receipts that they left.
#[must_use]
pub fn expired_entry(frame: &Entry, request: &RequestRecord) -> Entry {
    let mut entry = frame.clone();
    if frame.request_id.as_ref() != Some(&request.id) {
        entry.decisions.clear();
    }
    entry.event = countersign_core::receipt::Event::Expired;
    entry.request_id = Some(request.id.clone());
    // What is not its own stands in no receipt of it.
    let own = request.strange().is_none();
    entry.artifacts =
        request.asked_now().filter(|_| own).map(|a| a.artifact.head.clone()).collect();
    entry.approver_decision = None;
    entry.multi_approval = None;
    entry.trust_level = countersign_core::receipt::Level::L0;
    entry
}
