//! What happens to the screen, and what it wants done.

use super::model::{Entry, Fate, Id, Link};
use super::past::PastRow;
use countersign_approver::{Opened, Reply};
use countersign_core::time::Instant;
use std::sync::Arc;
use std::time::Duration;

/// A key, as far as it means anything here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Tab,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// Control-C.
    Interrupt,
}

/// What happens. A tick comes before every other event, so that the time is right.
#[derive(Debug)]
pub(super) enum Event {
    Tick {
        now: Instant,
        up: Duration,
    },
    Key(Key),
    /// Text that was pasted: never a key.
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// Everything that waits at a desk.
    Listed {
        desk: usize,
        entries: Vec<Entry>,
    },
    /// One request came.
    Arrived(Box<Entry>),
    Link {
        desk: usize,
        link: Link,
    },
    Answered {
        id: Id,
        fate: Fate,
    },
    Past(Result<Vec<PastRow>, String>),
    Frozen {
        desk: usize,
        sent: Result<(), String>,
    },
}

/// What is to be done at the edge.
#[derive(Debug)]
pub(super) enum Effect {
    /// Keeps a live channel open to the gateway of a desk, for as long as the screen is there.
    Open(usize),
    /// Lists a desk, and sends what was signed and never arrived.
    Refresh(usize),
    Answer(Box<Answer>),
    LoadPast,
    Freeze(usize),
}

/// What is signed and sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: Id,
    pub(super) opened: Arc<Opened>,
    pub(super) reply: Reply,
}
