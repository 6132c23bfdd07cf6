//! Why the gate stays closed.

use super::{DeniedBefore, DeniedInARow};
use crate::edge::NoEntropy;
use crate::home::HomeError;
use crate::policy::PolicyError;
use crate::question::QuestionError;
use crate::witness::Contradicted;
use countersign_core::json::JsonError;
use countersign_core::request::State;
use countersign_core::verify::Refusal;
use countersign_store::error::StoreError;
use countersign_store::ledger::LedgerError;

/// Why a step of the gate was refused. Every case means: the action does not run.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The question cannot be put.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// An answer does not verify.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ledger says no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger is not the one that somebody remembers.
    #[error(transparent)]
    Contradicted(#[from] Contradicted),
    /// A policy cannot be judged under, or cannot be followed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A person denied the same minutes ago.
    #[error(transparent)]
    DeniedBefore(Box<DeniedBefore>),
    /// People denied several like it in a row.
    #[error(transparent)]
    DeniedInARow(Box<DeniedInARow>),
    /// Somebody handed the question on, to one whom only the caller that named them knows. Nothing was
    /// accepted: the answer waits for that caller.
    #[error("{0} handed it on to somebody whom only the command that asked knows")]
    HandedOn(String),
    /// No standing permission is on offer, or less than what is wanted.
    #[error("no grant: {0}")]
    NotOffered(String),
    /// The home is unusable.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// An action may have run, and what came of it is not written down. Its claim ends as
    /// `uncertain`, in whichever process looks next.
    #[error("what came of it could not be written down: {0}")]
    Unrecorded(Box<GateError>),
}

impl GateError {
    /// The code of the refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Question(_)
            | Self::DeniedBefore(_)
            | Self::DeniedInARow(_)
            | Self::HandedOn(_) => "HARP_ERR_POLICY_DENY",
            Self::NotOffered(_) => "grant_not_offered",
            Self::Ledger(LedgerError::Frozen(_)) => "frozen",
            Self::Ledger(LedgerError::Full { .. }) => "too_many_waiting",
            Self::Refused(refusal) => refusal.code(),
            Self::Ledger(LedgerError::Replay) => "HARP_ERR_REPLAY",
            Self::Ledger(LedgerError::Void { code, .. }) => code,
            Self::Ledger(LedgerError::State(State::Expired)) => "HARP_ERR_EXPIRED",
            Self::Ledger(LedgerError::State(State::Executed)) => "HARP_ERR_REPLAY",
            Self::Ledger(LedgerError::Contradicted(_)) => "ledger_contradicted",
            Self::Ledger(_) => "ledger",
            Self::Contradicted(Contradicted::NoWitness(_)) => "HARP_ERR_TRANSPORT",
            Self::Contradicted(Contradicted::Gone { .. }) => "witness_gone",
            Self::Contradicted(_) => "ledger_contradicted",
            Self::Policy(_) => "policy",
            Self::Home(_) => "home",
            Self::Unrecorded(_) => "uncertain",
        }
    }
}

impl GateError {
    /// Whether the gate wrote this refusal down itself.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        use Contradicted::{Forked, Truncated};
        use LedgerError::{Frozen, Full};
        matches!(
            self,
            Self::DeniedBefore(_)
                | Self::DeniedInARow(_)
                | Self::Ledger(Frozen(_) | Full { .. } | LedgerError::Contradicted(_))
                | Self::Contradicted(Truncated { .. } | Forked { .. })
        )
    }
}

impl From<StoreError> for GateError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<NoEntropy> for GateError {
    fn from(error: NoEntropy) -> Self {
        Self::Question(error.into())
    }
}

impl From<JsonError> for GateError {
    fn from(error: JsonError) -> Self {
        Self::Question(error.into())
    }
}
