//! `ci export`: a pairing of a pipeline's own, in one line that a secret store keeps.

use super::pair::{Joining, Screen, assurance, origin};
use super::{Here, asked_to_end};
use crate::ephemeral::VARIABLE;
use crate::failure::{Exit, Failure, Outcome};
use crate::outfile::OutFile;
use crate::parties;
use countersign_core::artifact::Assurance;
use countersign_enforcer::pairing::{Candidate, meet};
use countersign_enforcer::portable::Portable;
use countersign_enforcer::{Enforcer, Relays, policy};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest that a line may be good.
const MAX_DAYS: u32 = 366;

/// Give a pipeline a pairing of its own.
#[derive(clap::Subcommand)]
pub(crate) enum Ci {
    /// Pair an approver with a pipeline, and print the one line that it needs
    Export(Export),
}

/// Pair an approver with a pipeline, and print the one line that it needs.
///
/// The pipeline gets an operator key of its own: this home's stays here. The line can ask that
/// approver and nobody else; it can approve nothing. It is printed once and kept nowhere. A policy of
/// this home goes with it, and can only tighten there.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign ci export sre --relay https://relay.example --assurance device \\\n    \
      | gh secret set COUNTERSIGN_CI\n  \
    countersign ci export sre --relay https://relay.example --output ci.secret --days 30\n\n\
    In the job:\n  \
    countersign run --to sre --ttl 10m -- ./deploy.sh")]
pub(crate) struct Export {
    /// A name for the approver, for `run --to`: a-z, 0-9, `.`, `_`, `-`
    #[arg(value_name = "NAME")]
    name: String,

    /// The gateway's address, which the jobs must reach
    #[arg(long, value_name = "URL", value_parser = origin)]
    relay: String,

    /// A role of the approver, for `run --to`; may be repeated
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// How sure you are that the key is in that person's hands: local, web, device, verified
    #[arg(long, value_name = "LEVEL", default_value = "local", value_parser = assurance)]
    assurance: Assurance,

    /// How many days the line is good
    #[arg(long, value_name = "DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    days: u32,

    /// Write the line to a new file that only you can read, in place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the public keys to a file, for `receipt verify --trust`
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl Ci {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let Self::Export(export) = self;
        export.run(here).await
    }
}

impl Export {
    async fn run(self, here: &Here<'_>) -> Outcome {
        let trust = self.trust.as_deref().map(|path| OutFile::beside(path, &here.root));
        let trust = trust.transpose().map_err(|why| failed(&format!("--trust: {why}")))?;
        let mut secret = self.output.as_deref().map(Secret::begin).transpose()?;
        let policy = policy(&here.root)?;
        let failed_dir = |e: std::io::Error| failed(&e.to_string());
        // The pipeline's home is made here, packed and thrown away.
        let dir = tempfile::TempDir::with_prefix("countersign-").map_err(failed_dir)?;
        let enforcer = parties::enforcer(dir.path()).await?;
        self.paired(here, &enforcer).await?;
        let until = enforcer.edge().now().plus_millis(i64::from(self.days) * 86_400_000);
        let portable = Portable::of(enforcer.home(), &enforcer.trust()?, policy, until)?;
        let line = portable.line().map_err(|e| failed(&format!("the line: {e}")))?;
        let line = Zeroizing::new(line);
        if let Some(file) = trust {
            self.put_trust(&enforcer, file)?;
        }
        let document = serde_json::json!({
            "name": self.name,
            "operator": enforcer.identity().keys.public().fingerprint().to_string(),
            "expiresAt": until.timestamp(),
            "variable": VARIABLE,
        });
        match &mut secret {
            Some(secret) => {
                secret.put(&line)?;
                here.output.result("the line is written; keep it as a secret", &document)?;
            }
            None => {
                let mut document = document;
                if let Some(members) = document.as_object_mut() {
                    members.insert("line".into(), line.as_str().into());
                }
                here.output.result(&line, &document)?;
            }
        }
        Ok(Exit::Ok)
    }

    async fn paired(&self, here: &Here<'_>, enforcer: &Enforcer) -> Result<(), Failure> {
        enforcer.home().free_name(&self.name)?;
        let identity = enforcer.identity();
        let (keys, edge) = (*identity.keys.public(), enforcer.edge());
        let client = parties::client(identity, &self.relay)?;
        let page = client.has_page().await;
        let way = Joining { relay: self.relay.clone(), page, assurance: self.assurance };
        let mut desk = Screen::aside(*here.output, way);
        let paired = tokio::select! {
            met = meet(&client, &identity.device_id, keys, &self.relay, edge, &mut desk) => met?,
            () = asked_to_end() => return Err(failed("stopped; nothing was made")),
        };
        let candidate =
            Candidate::new(&paired, &self.name, self.role.clone(), self.assurance, edge);
        Ok(enforcer.admit(candidate, &Relays::new(), 1_000, &|_| {}).await?)
    }

    fn put_trust(&self, enforcer: &Enforcer, file: OutFile) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&enforcer.trust()?);
        let text = text.map_err(|e| failed(&e.to_string()))?;
        file.put(&(text + "\n")).map_err(|why| failed(&format!("--trust: {why}")))
    }
}

/// The policy of a home as it is written; accepted by nobody where it arrives.
fn policy(root: &Path) -> Result<Option<String>, Failure> {
    let found = policy::NAMES.iter().map(|name| root.join(name)).find(|path| path.exists());
    let read = |path: PathBuf| {
        std::fs::read_to_string(&path)
            .map_err(|e| failed(&format!("the policy `{}`: {e}", path.display())))
    };
    match found {
        Some(path) if path.extension().is_some_and(|ending| ending == "toml") => {
            read(path).map(Some)
        }
        Some(path) => {
            Err(failed(&format!("`{}` is no TOML, and only that is carried", path.display())))
        }
        None => Ok(None),
    }
}

/// A new file that only its owner can read; gone again where nothing was written into it.
struct Secret {
    path: PathBuf,
    file: std::fs::File,
    written: bool,
}

impl Secret {
    fn begin(path: &Path) -> Result<Self, Failure> {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|e| failed(&format!("--output: {e}")))?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }

    fn put(&mut self, line: &str) -> Result<(), Failure> {
        let put = writeln!(self.file, "{line}").and_then(|()| self.file.sync_all());
        put.map_err(|e| failed(&format!("--output: {e}")))?;
        self.written = true;
        Ok(())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        if !self.written {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(Exit::Failed, "ci", why).hint("no line was made")
}
