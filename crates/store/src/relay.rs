//! What a gateway remembers: devices, pairings, and exchanges of sealed messages.
//!
//! The gateway is trusted with none of it. It keeps sealed bytes and routing, so that a message
//! is neither lost in a restart nor handed to a stranger; whether an answer counts is decided by
//! the enforcer alone.
//!
//! Every promise here is one conditional write. A back end never looks first and writes later in
//! another transaction: the *first* decision wins, also between two gateway processes.
//!
//! # Rooms
//! * [`device`]: who may speak; [`pairing`]: how two devices meet.
//! * [`stop`]: what ends everything, on its way to one enforcer.
//! * [`note`]: how far the others are, beside an exchange that waits.
//! * [`exchange`]: one artifact on its way to one approver, and the answer on its way back.
//! * [`memory`]: the store that forgets; [`contract`]: what every store promises.

pub mod contract;
pub mod device;
pub mod exchange;
pub mod memory;
pub mod note;
pub mod pairing;
pub mod stop;

use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use device::{Device, Registered};
use exchange::{
    Acked, Decided, Decision, Delivery, Ended, Exchange, InboxCursor, Party, Request, Submission,
    Submitted, Withdrawn,
};
use pairing::{Completion, Confirmation, NewPairing, Opened, Pairing, PairingStep};

/// How many ledgers of one enforcer are remembered.
pub const LEDGERS_REMEMBERED: usize = 16;

/// The memory of a gateway.
///
/// `now` is always passed in: an exchange or a pairing ends the moment `now` reaches its
/// `expires_at` (`now >= expires_at` is too late), whether or not [`RelayStore::expire_due`] has
/// run since. Ids are opaque text and compared byte by byte.
#[async_trait]
pub trait RelayStore: stop::StopStore + note::NoteStore + Send + Sync {
    // --- devices ---

    /// Remembers a device. An id has one key for ever, and a key one id.
    ///
    /// # Errors
    /// [`StoreError`] only; a clash is an answer, [`Registered::Conflict`].
    async fn register_device(&self, device: Device) -> Result<Registered, StoreError>;

    /// The device with this id.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn device(&self, device_id: &str) -> Result<Option<Device>, StoreError>;

    /// The device that holds this key.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn device_by_key(&self, key_id: &KeyId) -> Result<Option<Device>, StoreError>;

    // --- pairing ---

    /// Opens a pairing and registers the enforcer's device in the same write.
    ///
    /// At most `limit` pairings are open and not expired at a time, over all enforcers.
    /// A code is taken only while a pairing that has not expired holds it.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn open_pairing(
        &self,
        pairing: NewPairing,
        limit: usize,
        now: Instant,
    ) -> Result<Opened, StoreError>;

    /// The pairing that a code names, if it is still open (nobody completed it, not expired).
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn pairing_by_code(
        &self,
        code: &str,
        now: Instant,
    ) -> Result<Option<Pairing>, StoreError>;

    /// The pairing with this nonce, in whatever state, until [`RelayStore::forget`] drops it.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn pairing(&self, nonce: &str) -> Result<Option<Pairing>, StoreError>;

    /// Completes a pairing once and registers the approver's device in the same write
    /// ([`Pairing::complete`] is the rule; nothing is written where the device clashes).
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn complete_pairing(
        &self,
        nonce: &str,
        completion: Completion,
        now: Instant,
    ) -> Result<PairingStep, StoreError>;

    /// Reveals the enforcer's random value, once ([`Pairing::reveal`]).
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn reveal_pairing(
        &self,
        nonce: &str,
        enforcer_id: &str,
        r: &str,
        now: Instant,
    ) -> Result<PairingStep, StoreError>;

    /// Records one side's yes or no ([`Pairing::confirm`]).
    ///
    /// The enforcer's yes opens the route between the two devices; a no of either side closes
    /// it, in the same write.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn confirm_pairing(
        &self,
        nonce: &str,
        confirmation: Confirmation,
        now: Instant,
    ) -> Result<PairingStep, StoreError>;

    /// Closes every route between two devices, in either direction, and cancels what is pending
    /// between them. Returns the exchanges it cancelled; again is fine and returns none.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn revoke_route(
        &self,
        caller_id: &str,
        other_id: &str,
        now: Instant,
    ) -> Result<Vec<Ended>, StoreError>;

    /// Whether anybody may ask this approver's device: an open route leads to it, or a pairing that
    /// has not expired may open one yet.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn may_be_asked(&self, approver_id: &str, now: Instant) -> Result<bool, StoreError>;

    // --- exchanges ---

    /// Takes an artifact for the approver that the route names, in one conditional write.
    ///
    /// A request id is unique for one enforcer and for one approver. At most `max_pending`
    /// exchanges that are not expired may be pending between the two devices, so that one
    /// enforcer cannot fill an inbox for another.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn submit_artifact(
        &self,
        submission: Submission,
        max_pending: usize,
        now: Instant,
    ) -> Result<Submitted, StoreError>;

    /// A page of what waits for an approver: pending, not expired, not dismissed; oldest first,
    /// strictly after the cursor, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn inbox(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError>;

    /// As [`RelayStore::inbox`], but only what the approver's device has not acknowledged: what
    /// a new channel is sent first.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn unacked_requests(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError>;

    /// Hides an exchange from its approver's inbox; it stays pending. Returns whether the
    /// approver has such an exchange; again is fine.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn dismiss(&self, approver_id: &str, request_id: &str) -> Result<bool, StoreError>;

    /// Takes the first decision of the approver that the artifact was sent to, and keeps it
    /// for ever. The same one again is fine, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn decide(&self, decision: Decision, now: Instant) -> Result<Decided, StoreError>;

    /// Decisions for an enforcer that it has not acknowledged, oldest first by
    /// (`decided_at`, `request_id`), strictly after the cursor, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn undelivered(
        &self,
        enforcer_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// One exchange as its enforcer or its approver may see it; `None` for everyone else.
    ///
    /// Its state is the one at `now`: pending past its expiry reads as expired.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn exchange(
        &self,
        party: Party<'_>,
        request_id: &str,
        now: Instant,
    ) -> Result<Option<Exchange>, StoreError>;

    /// Stops the redelivery of one message to the device that received it. The enforcer's ack
    /// of a decision turns `decided` into `delivered`.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn ack(
        &self,
        party: Party<'_>,
        request_id: &str,
        msg_id: &str,
        now: Instant,
    ) -> Result<Acked, StoreError>;

    /// Takes a pending artifact back. Everything but pending is terminal here.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn withdraw(
        &self,
        enforcer_id: &str,
        request_id: &str,
        now: Instant,
    ) -> Result<Withdrawn, StoreError>;

    // --- heads of ledgers ---

    /// Remembers the newest head of each ledger of an enforcer, of its
    /// [`LEDGERS_REMEMBERED`] newest ledgers, and returns the newest one of this ledger.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn remember_head(
        &self,
        enforcer_id: &str,
        head: Checkpoint,
    ) -> Result<Checkpoint, StoreError>;

    // --- housekeeping ---

    /// Marks at most `limit` pending exchanges whose time has come as expired, and returns them.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn expire_due(&self, now: Instant, limit: usize) -> Result<Vec<Ended>, StoreError>;

    /// Drops what ended before a moment: exchanges that are not pending, whose expiry lies
    /// before it and that were received before it; pairings that expired before it. Routes and
    /// devices stay, but for devices that were registered before it and that no route and no
    /// kept pairing or exchange names. Returns how many exchanges and pairings went.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn forget(&self, before: Instant) -> Result<u64, StoreError>;
}
