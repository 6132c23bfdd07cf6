//! What the tests drive besides cargo, installed where it is missing.

use std::path::Path;
use std::process::Command;

use crate::{Outcome, child, screens};

/// A Debian package, and the command that succeeds where it is there.
struct Tool {
    package: &'static str,
    probe: &'static [&'static str],
}

/// The browser of the console's screens, which may also be one that the developer names.
const CHROMIUM: &str = "chromium";

static TOOLS: [Tool; 7] = [
    Tool { package: "strace", probe: &["strace", "-V"] },
    Tool { package: "nodejs", probe: &["node", "--version"] },
    Tool { package: "npm", probe: &["npm", "--version"] },
    // Debian's python3 has `venv` without this package, but not what fills one.
    Tool { package: "python3-venv", probe: &["python3", "-c", "import venv, ensurepip"] },
    Tool { package: "tmux", probe: &["tmux", "-V"] },
    Tool { package: "keyutils", probe: &["keyctl", "--version"] },
    Tool { package: CHROMIUM, probe: &[CHROMIUM, "--version"] },
];

/// Installs what is missing, or says what is: only the tests know which of them can do without.
pub(crate) fn install() -> Outcome {
    let missing = missing(is_there);
    if missing.is_empty() {
        return Ok(());
    }
    if !may_install() {
        let names: Vec<_> = missing.iter().map(|tool| tool.package).collect();
        println!("missing, the tests that need them will fail: {}", names.join(" "));
        return Ok(());
    }
    // One stale source must not stop us: if it mattered, the installation fails and says why.
    let _stale = child::run(apt().arg("update"));
    missing.into_iter().try_for_each(add)
}

fn missing(is_there: impl Fn(&Tool) -> bool) -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| !is_there(tool)).collect()
}

/// Looks again first: where `nodejs` does not come from Debian it brings npm, and forbids Debian's.
fn add(tool: &Tool) -> Outcome {
    if is_there(tool) {
        return Ok(());
    }
    child::run(apt().args(["install", "--yes", "--no-install-recommends", tool.package]))
}

fn is_there(tool: &Tool) -> bool {
    if tool.package == CHROMIUM && screens::browser().is_some() {
        return true;
    }
    let Some((name, arguments)) = tool.probe.split_first() else { return false };
    child::succeeds(child::program(name).args(arguments))
}

/// Whether this is root on Debian or a descendant; nobody else's system is touched.
fn may_install() -> bool {
    let user = child::program("id").arg("-u").output();
    Path::new("/etc/debian_version").exists()
        && user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
        && child::succeeds(apt().arg("--version"))
}

fn apt() -> Command {
    let mut apt = child::program("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_named() {
        assert!(missing(|_| true).is_empty());
        assert_eq!(missing(|_| false).len(), TOOLS.len());
        let without_node = missing(|tool| !tool.probe.contains(&"node"));
        assert_eq!(without_node.iter().map(|tool| tool.package).collect::<Vec<_>>(), ["nodejs"]);
    }

    #[test]
    fn a_probe_is_a_command_that_succeeds() {
        assert!(is_there(&Tool { package: "shell", probe: &["sh", "-c", "exit 0"] }));
        assert!(!is_there(&Tool { package: "shell", probe: &["sh", "-c", "exit 1"] }));
        assert!(!is_there(&Tool { package: "nothing", probe: &["no-such-program"] }));
        assert!(!is_there(&Tool { package: "nothing", probe: &[] }));
    }
}
