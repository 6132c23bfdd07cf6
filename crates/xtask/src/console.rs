//! The console, `web/console`: installed, tested against the binary, and built by npm.
//!
//! What is built is committed and built into the gateway, so that nobody needs npm for a gateway
//! with a page. `--check` says whether it is what the sources give.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, child, sdk};

pub(crate) const HOME: &str = "web/console";

/// The files of the page by their names.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Tests it and builds the page.
pub(crate) fn run() -> Outcome {
    sdk::build()?;
    sdk::install(HOME)?;
    child::run(sdk::npm(HOME, &["test"]).env("COUNTERSIGN", binary()?))?;
    // A folder without a page has nothing to build.
    child::run(&mut sdk::npm(HOME, &["run", "build", "--if-present"]))
}

/// The binary that was built beside this one.
pub(crate) fn binary() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(own.with_file_name("countersign"))
}

/// The same, and says where the page that is committed is another than the one that was built.
pub(crate) fn check() -> Outcome {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(HOME).join("dist");
    let before = files(&page)?;
    run()?;
    let stale = differing(&before, &files(&page)?);
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("{HOME}/dist is not up to date, run `cargo xtask console`: {}", stale.join(", ")))
}

fn files(folder: &Path) -> Result<Files, String> {
    let mut found = Files::new();
    if folder.is_dir() {
        walk(folder, folder, &mut found).map_err(|error| error.to_string())?;
    }
    Ok(found)
}

fn walk(root: &Path, folder: &Path, found: &mut Files) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, found)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

/// The names of files that are only in one, or other in one than in the other.
fn differing(before: &Files, after: &Files) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let other = names.filter(|name| before.get(*name) != after.get(*name));
    other.map(|name| name.display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_differs_in_any_file_is_stale() {
        let of = |files: &[(&str, &str)]| -> Files {
            files
                .iter()
                .map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()))
                .collect()
        };
        let before = of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert!(differing(&before, &before).is_empty());
        assert_eq!(differing(&before, &of(&[("a", "1"), ("b", "x"), ("d", "4")])), ["b", "c", "d"]);
        assert_eq!(differing(&Files::new(), &of(&[("a", "1")])), ["a"]);
    }
}
