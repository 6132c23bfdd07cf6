//! A demo of this binary, and what becomes of its home.

use super::binary::{Ground, broken};
use super::category::{Check, State};
use crate::commands::Here;
use crate::failure::Failure;
use serde_json::Value;
use std::path::Path;

/// The demo: a command that runs once on a signature, and attacks on it.
pub(super) struct Demo(Value);

impl Demo {
    pub(super) async fn play(here: &Here<'_>, ground: &Ground) -> Result<Self, Failure> {
        here.output.progress("a whole demo …");
        Ok(Self(ground.run(&["demo", "--approve"]).await?.document()))
    }

    /// That the approved command ran, under a receipt that proves it.
    pub(super) fn ran(&self) -> State {
        let ran = self.0.get("ran").and_then(Value::as_bool) == Some(true);
        let level = self.0.pointer("/receiptVerdict/level").and_then(Value::as_str);
        State::of(ran && level == Some("L1"), || self.0.to_string())
    }

    /// The home of the demo's agent.
    fn agent(&self) -> String {
        let home = self.0.get("home").and_then(Value::as_str).unwrap_or_default();
        format!("{home}/agent")
    }

    /// That its whole ledger is audited, and that a copy in which one receipt says another outcome
    /// is not taken for whole.
    pub(super) async fn audit(&self, ground: &Ground) -> Result<Vec<Check>, Failure> {
        let home = self.agent();
        let all = ground.run(&["--home", home.as_str(), "audit", "verify"]).await?;
        let copy = ground.path("changed.db");
        let changed = changed(&Path::new(&home).join("ledger.db"), &copy)
            .map_err(|why| broken(format!("the ledger was not copied: {why}")))?;
        let copy = copy.display().to_string();
        let trust = self.0.get("trust").and_then(Value::as_str).unwrap_or_default();
        let found = ground.run(&["audit", "verify", &copy, "--trust", trust]).await?;
        let found = match changed {
            true => found.ends(13, Some("HashMismatch")),
            false => State::Failed("its ledger holds no receipt of a run".to_owned()),
        };
        Ok(vec![
            Check::new("the whole ledger is audited", all.ends(0, None)),
            Check::new("a receipt that was changed is found", found),
        ])
    }

    /// That the demo's agent takes its approver's key back, and then asks nobody any more.
    pub(super) async fn revoked(&self, ground: &Ground) -> Result<State, Failure> {
        let home = self.agent();
        let revoke = ["--home", home.as_str(), "revoke", "you"];
        let taken = ground.run(&revoke).await?.ends(0, Some("revoked"));
        let run = ["--home", home.as_str(), "run", "--ttl", "1s", "--", "touch", "x"];
        match taken {
            State::Passed => Ok(ground.run(&run).await?.ends(126, Some("no_approver"))),
            other => Ok(other),
        }
    }

    /// That one of its attacks was refused with `code`.
    pub(super) fn refused(&self, code: &str) -> State {
        let attacks = self.0.get("attacks").and_then(Value::as_array);
        let refused = attacks.into_iter().flatten().any(|attack| {
            attack.get("code").and_then(Value::as_str) == Some(code)
                && attack.get("refused").and_then(Value::as_bool) == Some(true)
        });
        State::of(refused, || self.0.to_string())
    }
}

/// Copies a ledger with one word of its receipts changed; false where it does not hold the word.
fn changed(from: &Path, to: &Path) -> std::io::Result<bool> {
    const WORD: &[u8] = b"\"executed\"";
    let mut bytes = std::fs::read(from)?;
    let mut found = false;
    for at in 0..bytes.len() {
        let word = bytes.get_mut(at..at.saturating_add(WORD.len())).filter(|word| *word == WORD);
        if let Some(word) = word {
            word.copy_from_slice(b"\"observed\"");
            found = true;
        }
    }
    std::fs::write(to, bytes)?;
    Ok(found)
}
