//! `key rotate`: the local key names its successor, and whoever admits approvers allows it.

use crate::args::PassphraseArgs;
use crate::commands::trust::amend::put;
use crate::commands::{Here, duration, millis};
use crate::failure::{Exit, Failure, Outcome};
use crate::{parties, secrets};
use countersign_approver::keyfile::KeyFileEntropy;
use countersign_approver::local::LocalKey;
use countersign_core::keys::rotation::Rotation;
use countersign_enforcer::Enforcer;
use countersign_enforcer::amendment::Amendment;
use countersign_enforcer::home::Pairing;
use std::path::Path;
use std::time::Duration;

/// Replace this machine's own approver key, which `pair --local` made.
///
/// The old key signs the new one; person, roles and assurance stay. An approver of the highest
/// assurance must allow it. Another device is replaced by pairing its successor for the same
/// person, and letting the old one run out.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign key rotate\n  \
    countersign key rotate me --overlap 1h\n\n\
    Another device:\n  \
    countersign pair --name ann-phone-2 --person ann --relay https://relay.example\n  \
    countersign revoke ann-phone --after 24h")]
pub(crate) struct Rotate {
    /// The pairing's name, as `countersign list` shows it [default: the local one]
    name: Option<String>,

    /// For how long what the old key signed still counts; at most a day
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    overlap: Duration,

    /// How long those who must allow it may take
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Rotate {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let root = parties::approver_root(&here.root);
        let pairing = self.pairing(&enforcer)?;
        if !finished(&root, &pairing)? {
            let rotation = self.signed(&enforcer, &root, &pairing)?;
            let now = enforcer.edge().now();
            let amendment = Amendment::rotate(&enforcer.trust()?, &pairing, &rotation, now)?;
            put(here, &enforcer, &amendment, millis(self.ttl)).await?;
            LocalKey::take_over(&root)?;
        }
        let key = LocalKey::of(&root)?.ok_or_else(|| no_local(&pairing.name))?;
        let fingerprint = key.public().fingerprint().to_string();
        let document = serde_json::json!({
            "rotated": pairing.name, "keyId": key.key_id(), "fingerprint": fingerprint,
        });
        let text = format!("`{}` has a new key\nfingerprint {fingerprint}", pairing.name);
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    fn pairing(&self, enforcer: &Enforcer) -> Result<Pairing, Failure> {
        let pairings = enforcer.home().pairings()?;
        let named = |p: &Pairing| match &self.name {
            Some(name) => p.name == *name,
            None => p.relay.is_none(),
        };
        match pairings.into_iter().find(named) {
            Some(pairing) if pairing.relay.is_none() => Ok(pairing),
            Some(pairing) => Err(far(&pairing.name)),
            None => Err(no_local(self.name.as_deref().unwrap_or("local"))),
        }
    }

    /// The old key's word for a new one, which is on disk by then: else nobody could use it.
    fn signed(
        &self,
        enforcer: &Enforcer,
        root: &Path,
        pairing: &Pairing,
    ) -> Result<Rotation, Failure> {
        let old = LocalKey::of(root)?.ok_or_else(|| no_local(&pairing.name))?;
        let passphrase = secrets::existing(&self.passphrase)?;
        let signer = old.open(&passphrase)?;
        let edge = enforcer.edge();
        let entropy = KeyFileEntropy { salt: edge.random()?, nonce: edge.random()? };
        let next = LocalKey::make_successor(root, &edge.random()?, &passphrase, entropy)?;
        let now = edge.now();
        let until = now.plus_millis(millis(self.overlap)).timestamp();
        Rotation::sign(&signer, *next.public(), now.timestamp(), until)
            .map_err(|e| Failure::new(Exit::Failed, "sign", e.to_string()))
    }
}

/// Whether an earlier rotation was pinned and its key only waits to take its place.
fn finished(root: &Path, pairing: &Pairing) -> Result<bool, Failure> {
    let waits = LocalKey::successor(root)?.is_some_and(|next| next.key_id() == pairing.key_id);
    if waits {
        LocalKey::take_over(root)?;
    }
    Ok(waits)
}

fn no_local(name: &str) -> Failure {
    let message = format!(
        "no local key for `{}` in this home",
        countersign_core::display::visible(name, false)
    );
    Failure::new(Exit::Failed, "no_local_key", message)
        .hint("`countersign list` shows the pairings; `countersign pair --local` makes a local key")
}

fn far(name: &str) -> Failure {
    let message = format!("the key of `{name}` is on another device");
    Failure::new(Exit::Usage, "not_local", message)
        .hint("pair its successor with --person, then `countersign revoke NAME --after 24h`")
}
