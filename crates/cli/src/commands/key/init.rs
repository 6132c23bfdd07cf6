//! `key init`: a new home whose operator key a program holds.

use crate::commands::{Here, duration, millis};
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::encoding::unbase64;
use countersign_enforcer::signer::Program;
use countersign_enforcer::{Edge, Home};
use std::path::PathBuf;
use std::time::Duration;

/// Begin a home whose operator key a program holds: a smart card's, an agent's, a security module's.
///
/// Else the first `pair` makes a key in a file that only this user can read. The program is started
/// for each signature. docs/keys.md says what it reads and prints.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  \
    countersign key init --public KEY -- /usr/local/libexec/card-sign --slot 9c\n\n\
    KEY is the Ed25519 public key, 32 bytes as base64url. The program must show at once that it \
    signs with it.")]
pub(crate) struct Init {
    /// The public key that the program signs with: 32 bytes as base64url
    #[arg(long, value_name = "KEY", value_parser = public)]
    public: [u8; 32],

    /// How long a signature may take; at most a minute
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    timeout: Duration,

    /// The program's absolute path, and what it is called with
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

impl Init {
    pub(crate) fn run(self, here: &Here<'_>) -> Outcome {
        let mut words = self.program.into_iter();
        let path = PathBuf::from(words.next().unwrap_or_default());
        let timeout = u64::try_from(millis(self.timeout)).ok();
        let program = Program { path, arguments: words.collect(), timeout_millis: timeout };
        let identity =
            Home::open(&here.root)?.identity_held(&Edge::system(), &self.public, program)?;
        let fingerprint = identity.keys.public().fingerprint().to_string();
        let document = serde_json::json!({
            "keyId": identity.keys.key_id(), "fingerprint": fingerprint,
        });
        let text = format!("a program holds this home's operator key\nfingerprint {fingerprint}");
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }
}

fn public(text: &str) -> Result<[u8; 32], String> {
    let bytes = unbase64(text).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "write the 32 bytes of an Ed25519 public key as base64url".into())
}

/// A signer that did not sign.
pub(crate) fn unsigned(message: String) -> Failure {
    Failure::new(Exit::Failed, "signer", message)
        .hint("the program must sign with the key that was named; docs/keys.md has the form")
}
