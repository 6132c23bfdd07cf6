//! `harp hash`: what our canonical form makes of a text.

use super::{Here, files};
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::encoding::Hash as Digest;
use countersign_core::json::{self, JsonError, limit};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Print the hash, or the canonical bytes, of any JSON, read strictly.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign harp hash artifact.json --omit artifactHash\n  \
    countersign harp hash --canonical < decision.json | sha256sum")]
pub(crate) struct Hash {
    /// The text; `-` or nothing is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,

    /// Leave this member of the outermost object out; may be repeated
    #[arg(long, value_name = "MEMBER")]
    omit: Vec<String>,

    /// Print the canonical bytes, without a line end, instead of their hash
    #[arg(long)]
    canonical: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    sha256: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<String>,
}

impl Hash {
    pub(crate) fn run(self, here: &Here<'_>) -> Outcome {
        let mut value = json::parse(&self.text()?, limit::RECEIPT).map_err(refused)?;
        for member in &self.omit {
            leave_out(&mut value, member)?;
        }
        let bytes = json::canonical(&value).map_err(refused)?;
        if self.canonical && !here.output.is_json() {
            print(&bytes)?;
            return Ok(Exit::Ok);
        }
        let hash = Digest::of(&bytes).to_string();
        let canonical = self.canonical.then(|| String::from_utf8_lossy(&bytes).into_owned());
        here.output.result(&hash, &Document { sha256: &hash, canonical })?;
        Ok(Exit::Ok)
    }

    fn text(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if self.file != "-" {
            return files::read(Path::new(&self.file), limit::RECEIPT).map(|(bytes, _)| bytes);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let read = io::stdin().take(limit::RECEIPT as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|e| Failure::new(Exit::Failed, "file", format!("standard input: {e}")))?;
        Ok(bytes)
    }
}

/// A member that is not there was misspelled: the hash would be another than was meant.
fn leave_out(value: &mut Value, member: &str) -> Result<(), Failure> {
    match value.as_object_mut().map(|members| members.remove(member)) {
        Some(Some(_)) => Ok(()),
        _ => {
            let message = format!("there is no member `{member}` to leave out");
            Err(Failure::new(Exit::Usage, "usage", message).hint("members of the outermost object"))
        }
    }
}

/// A closed pipe is the reader's choice.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, "output", e.to_string()))
        }
        _ => Ok(()),
    }
}

fn refused(error: JsonError) -> Failure {
    Failure::new(Exit::Verification, "HARP_ERR_CANONICALIZATION", error.to_string())
        .hint("two parsers could read it differently, so it has no hash")
}
