//! `key fingerprint`: what people compare.

pub(crate) mod init;
mod rotate;

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_approver::home::Home as ApproverHome;
use countersign_approver::local::LocalKey;
use countersign_approver::pairings::Pairings;
use countersign_core::keys::PublicKeys;
use serde::Serialize;

/// Show, replace and take back keys.
#[derive(clap::Subcommand)]
pub(crate) enum Key {
    /// Print the fingerprint of each key: SHA-256 of its 64 public bytes
    Fingerprint,
    /// Begin a home whose operator key a program holds
    Init(init::Init),
    /// Replace this machine's own approver key: the old key signs the new one
    Rotate(rotate::Rotate),
    /// The same as `countersign revoke`
    Revoke(super::revoke::Revoke),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    role: &'static str,
    name: String,
    key_id: String,
    fingerprint: String,
}

impl Line {
    fn new(role: &'static str, name: &str, keys: &PublicKeys) -> Self {
        let (key_id, fingerprint) = (keys.key_id().0, keys.fingerprint().to_string());
        Self { role, name: name.to_owned(), key_id, fingerprint }
    }
}

impl Key {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Fingerprint => fingerprints(here),
            Self::Init(init) => init.run(here),
            Self::Rotate(rotate) => rotate.run(here).await,
            Self::Revoke(revoke) => revoke.run(here).await,
        }
    }
}

fn fingerprints(here: &Here<'_>) -> Outcome {
    let mut lines = Vec::new();
    if let Some(identity) = parties::existing_identity(&here.root)? {
        lines.push(Line::new("operator", &identity.device_id, identity.keys.public()));
    }
    let root = parties::approver_root(&here.root);
    if root.exists() {
        for pairing in Pairings::of(&ApproverHome::open(&root)?).list()? {
            lines.push(Line::new("approver", pairing.name.as_str(), &pairing.device));
        }
    }
    if let Some(key) = LocalKey::of(&root)? {
        lines.push(Line::new("approver", "local", key.public()));
    }
    if lines.is_empty() {
        return Err(Failure::new(Exit::Failed, "no_key", "this home has no keys yet")
            .hint("`countersign pair` makes an operator key, `countersign join` an approver's"));
    }
    let text: Vec<String> =
        lines.iter().map(|l| format!("{:<9} {:<32} {}", l.role, l.name, l.fingerprint)).collect();
    here.output.result(&text.join("\n"), &serde_json::json!({"keys": lines}))?;
    Ok(Exit::Ok)
}
