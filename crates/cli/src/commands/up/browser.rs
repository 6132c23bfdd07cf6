//! This machine's browser.

use countersign_store::files::{self, Target};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A page of this user's own that leads the browser to a link, so that the link and the secret in
/// it stand in no argument of a process, which everybody on this machine can read.
pub(super) struct Page(PathBuf);

impl Page {
    /// The page of a home; there is none before it is shown.
    pub(super) fn of(root: &Path) -> Self {
        Self(root.join("pair.html"))
    }

    /// Opens the link, where there is a browser.
    pub(super) fn show(&self, link: &str) {
        if is_there() && files::write_bytes(&self.0, page(link).as_bytes(), Target::Replace).is_ok()
        {
            open(&self.0);
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A link is made of letters that mean nothing in HTML but for `&`.
fn page(link: &str) -> String {
    let link = link.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={link}\"><title>Countersign</title>\
         <a href=\"{link}\">Pair this browser</a>\n"
    )
}

/// Opens an address or a file in the browser, where there is a desktop; it is waited for by nobody.
pub(in crate::commands) fn open(what: impl AsRef<OsStr>) {
    if is_there() {
        let _ = open::that_detached(what);
    }
}

/// Without a desktop a browser would be one on this terminal.
fn is_there() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_31_a_link_reaches_the_browser_through_a_page_that_only_its_user_can_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let page = Page::of(dir.path());
        let path = page.0.clone();
        files::write_bytes(&path, super::page("http://x/pair#a=1&s=2").as_bytes(), Target::Replace)
            .unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(
            std::fs::read_to_string(&path).unwrap().contains("url=http://x/pair#a=1&amp;s=2\"")
        );
        drop(page);
        assert!(!path.exists(), "the secret outlives its use");
    }

    #[test]
    fn no_link_ends_its_attribute() {
        let text = page("http://x/\"><script>");
        assert!(!text.contains("<script>"), "{text}");
        assert_eq!(text.matches("&quot;").count(), 2);
    }
}
