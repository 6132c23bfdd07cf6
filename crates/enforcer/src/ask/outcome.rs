//! How asking ended.

use countersign_core::request::State;
use countersign_core::tally::Tally;
use countersign_core::verify::Refusal;
use countersign_store::ledger::RequestRecord;

/// How asking ended.
#[derive(Debug)]
pub enum Answered {
    /// It may be claimed.
    Approved(RequestRecord),
    /// A person refused it.
    Denied(RequestRecord),
    /// Nobody answered in time.
    Expired(RequestRecord),
    /// Somebody took it back.
    Withdrawn(RequestRecord),
    /// Another process used the approval.
    Used(RequestRecord),
    /// This caller's time is over; the request still waits.
    Pending(RequestRecord),
    /// What came back did not verify, twice.
    Unverified(RequestRecord, Refusal),
    /// No gateway could be reached in time.
    NoRoute(RequestRecord, String),
}

/// How asking ended, as far as the state of the request tells.
#[must_use]
pub fn by_state(request: RequestRecord) -> Answered {
    // Answers that did not end it are kept where somebody took it back.
    let withdrawn = request.tally(&|_| true) != Tally::Lost;
    match request.state {
        State::Approved => Answered::Approved(request),
        State::Executed => Answered::Used(request),
        State::Denied if withdrawn => Answered::Withdrawn(request),
        State::Denied => Answered::Denied(request),
        State::Expired => Answered::Expired(request),
        State::Created | State::AwaitingDecision => Answered::Pending(request),
    }
}

/// Whether it can still be answered.
pub(super) fn is_open(request: &RequestRecord) -> bool {
    matches!(request.state, State::Created | State::AwaitingDecision)
}
