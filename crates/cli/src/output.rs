//! What people and programs read: text on a terminal, one document with `--json`.

mod wrap;

use crate::failure::Failure;
use countersign_core::display::{escaped, visible};
use serde::Serialize;
use std::io::IsTerminal as _;
use std::process::ExitCode;

pub(crate) use wrap::wrapped;

/// Where a command writes.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    color: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self { json, color: !plain && !json && std::io::stdout().is_terminal() }
    }

    /// Whether a document was asked for.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether colours may be used on standard output.
    pub(crate) fn color(self) -> bool {
        self.color
    }

    /// The columns of the terminal that standard output is, where it is one.
    pub(crate) fn columns(self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        (!self.json && size.ws_col > 0).then(|| usize::from(size.ws_col))
    }

    /// The command's result: `text` for people, `document` for programs.
    pub(crate) fn result(self, text: &str, document: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return put(&mut std::io::stdout(), text);
        }
        let line = serde_json::to_string(document)
            .map_err(|e| Failure::new(crate::failure::Exit::Failed, "output", e.to_string()))?;
        put(&mut std::io::stdout(), &escaped(&line))
    }

    /// Something that happens on the way; never on standard output.
    pub(crate) fn progress(self, text: &str) {
        if !self.json {
            let _ = put(&mut std::io::stderr(), text);
        }
    }

    /// The end of a command that did not succeed.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        let text = if self.json {
            let Failure { code, message, hint, .. } = failure;
            let document =
                serde_json::json!({"error": {"code": code, "message": message, "hint": hint}});
            escaped(&document.to_string())
        } else {
            let message = visible(&failure.message, false);
            let hint = if failure.hint.is_empty() {
                String::new()
            } else {
                format!(" ({})", failure.hint)
            };
            format!("countersign: {message} [{}]{hint}", failure.code)
        };
        let _ = put(&mut std::io::stderr(), &text);
        failure.exit.into()
    }
}

/// A closed pipe is the reader's choice and no failure of ours; a full disk is one.
fn put(to: &mut impl std::io::Write, text: &str) -> Result<(), Failure> {
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(crate::failure::Exit::Failed, "output", e.to_string()))
        }
        _ => Ok(()),
    }
}
