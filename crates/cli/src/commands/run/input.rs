//! What the child is given besides its words.

use crate::failure::{Exit, Failure};
use countersign_store::files::{self, Links};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// The most bytes that can be put on a command's standard input.
const MAX_STDIN: u64 = 64 * 1024 * 1024;

/// The caller's environment as text; what is not text cannot be reviewed and is left out.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// The bytes of `--stdin`.
pub(super) fn read_stdin(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |e: std::io::Error| {
        Failure::new(Exit::RunFailed, "stdin", format!("cannot read `{}`: {e}", path.display()))
            .hint("nothing was run; --stdin names a file")
    };
    let mut bytes = Vec::new();
    let file = files::open(path, Links::Followed).map_err(failed)?;
    file.take(MAX_STDIN + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_STDIN {
        let message = format!("`{}` is larger than 64 MiB", path.display());
        return Err(Failure::new(Exit::RunFailed, "stdin", message)
            .hint("nothing was run; let the command read the file itself"));
    }
    Ok(bytes)
}
