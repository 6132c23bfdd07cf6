//! `join`: the approver's side of a pairing.

use super::Here;
use super::pair::compare;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::reviewer;
use crate::{parties, secrets};
use countersign_approver::home::Home;
use countersign_approver::join::{Compare, Invitation, JoinError, NewDevice, join};
use countersign_approver::keyfile::{KeyFileEntropy, Work};
use countersign_approver::pairings::{PairingName, Pairings};
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::{Digits, Origin};
use countersign_enforcer::Edge;
use std::sync::Arc;

/// Join an enforcer as its approver, by link or by typed code.
///
/// A link carries a secret and needs no comparison. A typed code shows six digits on both
/// screens and waits for a yes on both.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign join 'http://127.0.0.1:8787/pair#…'\n  \
    countersign join 7K3M-Q9TD --relay http://127.0.0.1:8787 --name laptop")]
pub(crate) struct Join {
    /// The link that `countersign pair` shows, or its code
    #[arg(value_name = "LINK-OR-CODE")]
    invitation: String,

    /// The gateway's address, for a typed code
    #[arg(long, value_name = "URL")]
    relay: Option<String>,

    /// A name for this pairing [default: enforcer, enforcer-2, …]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Join {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let relay =
            self.relay.as_deref().map(Origin::parse).transpose().map_err(JoinError::Pair)?;
        let invitation = Invitation::parse(&self.invitation, relay.as_ref())?;
        let home = Home::open(parties::approver_root(&here.root))?;
        let name = self.name(&home)?;
        let edge = Edge::system();
        let secret = zeroize::Zeroizing::new(edge.random::<64>()?);
        let keys = SecretKeys::from_bytes(&secret)
            .map_err(|e| Failure::new(Exit::Failed, "key", e.to_string()))?;
        let keys = Arc::new(keys);
        let passphrase = secrets::fresh(&self.passphrase)?;
        let device_id = format!("app_{}", edge.id()?);
        let gateway = reviewer::client(invitation.relay().as_str(), &device_id, &keys)?;
        let device = NewDevice {
            name,
            device_id,
            keys: &keys,
            r2: edge.random()?,
            passphrase: &passphrase,
            work: Work::DEFAULT,
            entropy: KeyFileEntropy { salt: edge.random()?, nonce: edge.random()? },
        };
        let mut screen = Screen { output: *here.output };
        let joined = join(&home, &gateway, &invitation, device, &mut screen, edge.now()).await?;
        if self.passphrase.keyring
            && let Err(error) = secrets::keyring()?.remember(&joined, &passphrase)
        {
            // Joined is joined; the passphrase will be asked for.
            here.output.progress(&format!("not kept in the keyring: {error}"));
        }
        let fingerprint = joined.device.fingerprint().to_string();
        let text = format!(
            "the keys are exchanged; the enforcer is called `{}` here. Where it has approvers already, \
             one of them must let this device in before it is asked anything. This device's \
             fingerprint is\n{fingerprint}\n`countersign inbox` lists what waits for you",
            joined.name
        );
        let document = serde_json::json!({
            "name": joined.name.as_str(),
            "pairId": joined.pair_id,
            "relay": joined.relay.as_str(),
            "keyId": joined.device.key_id(),
            "fingerprint": fingerprint,
            "enforcer": joined.enforcer.fingerprint(),
        });
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    fn name(&self, home: &Home) -> Result<PairingName, Failure> {
        if let Some(name) = &self.name {
            return Ok(PairingName::parse(name)?);
        }
        let taken = Pairings::of(home).list()?;
        let mut candidates = (1..).map(|n| match n {
            1 => "enforcer".to_owned(),
            n => format!("enforcer-{n}"),
        });
        let free = candidates.find(|c| taken.iter().all(|p| p.name.as_str() != c));
        Ok(PairingName::parse(&free.unwrap_or_default())?)
    }
}

struct Screen {
    output: Output,
}

impl Compare for Screen {
    async fn same(&mut self, digits: Digits) -> bool {
        compare(self.output, digits.to_string()).await
    }
}
