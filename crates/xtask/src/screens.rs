//! The console's screens in a browser: every screen on a pretended desk, and the built page against
//! the binary.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use crate::{Outcome, child, console, sdk};

/// Names the browser, where it is none of [`NAMES`]; the tests read it as well.
pub(crate) const BROWSER: &str = "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH";

/// What Chromium is called, in the order in which it is looked for.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Tests the page that is built there; `console` installs and builds it.
pub(crate) fn run() -> Outcome {
    npm("screens")
}

/// Makes the pictures of `docs/pictures` anew.
pub(crate) fn pictures() -> Outcome {
    console::run()?;
    npm("pictures")
}

fn npm(script: &str) -> Outcome {
    let browser = browser().ok_or_else(refusal)?;
    let mut npm = sdk::npm(console::HOME, &["run", script]);
    child::run(npm.env(BROWSER, browser).env("COUNTERSIGN", console::binary()?))
}

/// The browser that is named, else one that is installed.
pub(crate) fn browser() -> Option<OsString> {
    let named = env::var_os(BROWSER).filter(|path| !path.is_empty());
    let path = env::var_os("PATH").unwrap_or_default();
    choose(named, || env::split_paths(&path).collect::<Vec<_>>(), Path::is_file)
}

/// Who names one means that one: where it is missing, no other takes its place.
fn choose<P: AsRef<Path>>(
    named: Option<OsString>,
    folders: impl Fn() -> Vec<P>,
    is_there: impl Fn(&Path) -> bool,
) -> Option<OsString> {
    if let Some(named) = named {
        return is_there(Path::new(&named)).then_some(named);
    }
    let places = NAMES
        .iter()
        .flat_map(|name| folders().into_iter().map(move |folder| folder.as_ref().join(name)));
    places.map(std::path::PathBuf::into_os_string).find(|place| is_there(Path::new(place)))
}

fn refusal() -> String {
    match env::var(BROWSER) {
        Ok(named) if !named.is_empty() => format!("{BROWSER} names `{named}`, which is no file"),
        _ => format!(
            "no browser for the console's screens: install `chromium`, or name one in {BROWSER}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(named: Option<&str>, there: &[&str]) -> Option<String> {
        let folders = || vec!["/a", "/b"];
        let is_there = |path: &Path| there.iter().any(|one| Path::new(one) == path);
        let found = choose(named.map(Into::into), folders, is_there)?;
        Some(found.to_string_lossy().into_owned())
    }

    #[test]
    fn a_browser_that_is_named_is_taken_or_none() {
        let both = ["/b/chromium", "/opt/chrome"];
        assert_eq!(chosen(Some("/opt/chrome"), &both).unwrap(), "/opt/chrome");
        assert_eq!(chosen(Some("/opt/other"), &both), None);
        assert_eq!(chosen(None, &both).unwrap(), "/b/chromium");
    }

    #[test]
    fn chromium_comes_before_its_relatives() {
        let there = ["/a/google-chrome", "/b/chromium"];
        assert_eq!(chosen(None, &there).unwrap(), "/b/chromium");
        assert_eq!(chosen(None, &["/a/google-chrome"]).unwrap(), "/a/google-chrome");
        assert_eq!(chosen(None, &[]), None);
    }
}
