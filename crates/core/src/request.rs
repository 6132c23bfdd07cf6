//! The life of a request (HARP-CORE): a pure function of state, event and time.

use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Written down, not yet sent.
    Created,
    /// Put to its approvers.
    AwaitingDecision,
    /// Enough people allowed it; it may be claimed.
    Approved,
    /// Somebody refused it, or it was withdrawn.
    Denied,
    /// Its time ran out before it was claimed.
    Expired,
    /// It was claimed. What came of it stands in the receipt.
    Executed,
}

impl State {
    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Denied | Self::Expired | Self::Executed)
    }
}

/// What can happen to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its artifacts reached the gateway, or the person at this terminal.
    Submitted,
    /// Verification made an approval of the answers.
    Approved,
    /// A verified denial, or answers that can no longer be enough.
    Denied,
    /// A verified answer that ends nothing yet.
    Counted,
    /// Others are asked in place of those who did not end it.
    Escalated,
    /// Whoever asked took it back.
    Withdrawn,
    /// Time passed.
    Tick,
    /// The approval is used.
    Claimed,
}

/// What a driver must do after a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Put the artifacts to the approvers.
    Ask,
    /// Tell the gateway that nobody needs to answer any more.
    TellWithdrawn,
    /// Write the receipt of this event in the same commit.
    Record(Record),
    /// Let the action start, once.
    Run,
}

/// The receipt that a step leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The approval.
    Approved,
    /// The denial.
    Denied,
    /// An answer that is kept.
    Counted,
    /// The next round.
    Escalated,
    /// The end of its time.
    Expired,
    /// The withdrawal.
    Withdrawn,
}

/// The event does not belong to the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a request that is {state:?} cannot take {event:?}")]
pub struct Illegal {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

/// The next state, and what to do about it.
///
/// Time is looked at first: an event that arrives after `expires_at` finds the request expired.
///
/// # Errors
/// [`Illegal`] where the event does not belong to the state.
pub fn step(
    state: State,
    event: Event,
    expires_at: Instant,
    now: Instant,
) -> Result<(State, Vec<Effect>), Illegal> {
    use Effect::{Ask, Record as Write, Run, TellWithdrawn};
    use State::{Approved, AwaitingDecision, Created, Denied, Executed, Expired};
    Ok(match (state, event) {
        (Created | AwaitingDecision | Approved, _) if now >= expires_at => {
            (Expired, vec![Write(Record::Expired), TellWithdrawn])
        }
        (Created, Event::Tick) => (Created, vec![Ask]),
        (Created, Event::Submitted) => (AwaitingDecision, vec![]),
        // A crash between sending and writing down that it was sent: the answer may come first.
        (Created | AwaitingDecision, Event::Approved) => (Approved, vec![Write(Record::Approved)]),
        (Created | AwaitingDecision, Event::Denied) => (Denied, vec![Write(Record::Denied)]),
        (Created | AwaitingDecision, Event::Counted) => (state, vec![Write(Record::Counted)]),
        // The artifacts of the next round are written down and not yet sent.
        (Created | AwaitingDecision, Event::Escalated) => {
            (Created, vec![Write(Record::Escalated), TellWithdrawn, Ask])
        }
        (Created | AwaitingDecision | Approved, Event::Withdrawn) => {
            (Denied, vec![Write(Record::Withdrawn), TellWithdrawn])
        }
        (Approved, Event::Claimed) => (Executed, vec![Run]),
        (AwaitingDecision, Event::Submitted) | (_, Event::Tick) => (state, vec![]),
        _ => return Err(Illegal { state, event }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 6] = [
        State::Created,
        State::AwaitingDecision,
        State::Approved,
        State::Denied,
        State::Expired,
        State::Executed,
    ];
    const EVENTS: [Event; 8] = [
        Event::Submitted,
        Event::Approved,
        Event::Denied,
        Event::Counted,
        Event::Escalated,
        Event::Withdrawn,
        Event::Tick,
        Event::Claimed,
    ];

    #[test]
    fn only_an_approved_request_runs_and_only_once() {
        for state in STATES {
            for event in EVENTS {
                let Ok((next, effects)) = step(state, event, Instant(10), Instant(9)) else {
                    continue;
                };
                let runs = effects.contains(&Effect::Run);
                assert_eq!(runs, (state, event) == (State::Approved, Event::Claimed));
                assert_eq!(runs, next == State::Executed && state != State::Executed);
            }
        }
    }

    #[test]
    fn a_final_state_never_changes() {
        for state in STATES.into_iter().filter(|s| s.is_final()) {
            for event in EVENTS {
                for now in [Instant(9), Instant(11)] {
                    if let Ok((next, effects)) = step(state, event, Instant(10), now) {
                        assert_eq!((next, effects.len()), (state, 0), "{state:?} {event:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn attack_20_time_ends_every_open_request_in_a_refusal() {
        for state in [State::Created, State::AwaitingDecision, State::Approved] {
            for event in EVENTS {
                let (next, effects) = step(state, event, Instant(10), Instant(10)).unwrap();
                assert_eq!(next, State::Expired);
                assert!(effects.contains(&Effect::Record(Record::Expired)));
            }
        }
    }
}
