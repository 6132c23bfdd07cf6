//! Order and digests of the lines, the same for whoever makes a bundle and whoever checks it.

use super::line::{BundleType, Line, Section, Summary};
use crate::encoding::Hash;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Everything that was before.
#[derive(Default)]
pub(super) struct Tally {
    all: Sha256,
    sections: BTreeMap<&'static str, (u64, Sha256)>,
    last: Option<(u8, String)>,
}

impl Tally {
    /// Whether `line` may stand next.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) fn follows(&mut self, line: &Line) -> Result<(), String> {
        let place = line.place();
        let begins = matches!(line, Line::Bundle(_));
        let why = match &self.last {
            None if begins => None,
            None => Some("the file does not begin with its cover"),
            Some(_) if begins => Some("a second cover"),
            Some(last) if *last == place => Some("the same line twice"),
            Some(last) if *last > place => Some("the line is out of order"),
            Some(_) => None,
        };
        match why {
            Some(why) => Err(why.to_owned()),
            None => {
                self.last = Some(place);
                Ok(())
            }
        }
    }

    /// Counts a line with its line break; `section` is unknown where it was not understood.
    pub(super) fn count(&mut self, section: Option<&'static str>, bytes: &[u8]) {
        for part in [bytes, b"\n"] {
            self.all.update(part);
        }
        if let Some(name) = section {
            let (lines, digest) = self.sections.entry(name).or_default();
            *lines += 1;
            digest.update(bytes);
            digest.update(b"\n");
        }
    }

    /// What the manifest must say.
    pub(super) fn summary(&self, ledger: &str) -> Summary {
        let digest = |digest: &Sha256| Hash(digest.clone().finalize().into());
        let section = |(name, (lines, sha)): (&&'static str, &(u64, Sha256))| {
            ((*name).to_owned(), Section { lines: *lines, sha256: digest(sha) })
        };
        Summary {
            kind: BundleType::V1,
            ledger: ledger.to_owned(),
            sections: self.sections.iter().map(section).collect(),
            sha256: digest(&self.all),
        }
    }
}
