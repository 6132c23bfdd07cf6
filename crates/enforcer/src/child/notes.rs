//! What a run depends on and no hash holds, said in the review and in the receipt.

use super::call::Call;
use super::interpreters::Operand;
use super::lookup::Places;
use super::plan::{self, Plan};
use super::secrets;
use countersign_core::action::Action;
use countersign_core::display::counted;
use std::path::Path;

/// Programs that start another one, which they find by themselves.
const WRAPPERS: [&str; 36] = [
    "env",
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "nohup",
    "setsid",
    "stdbuf",
    "timeout",
    "time",
    "xargs",
    "parallel",
    "find",
    "watch",
    "strace",
    "ltrace",
    "gdb",
    "chroot",
    "unshare",
    "nsenter",
    "bwrap",
    "flock",
    "script",
    "expect",
    "busybox",
    "npx",
    "make",
    "ssh",
    "docker",
    "podman",
    "systemd-run",
];

/// More files than these are counted, not named.
const MAX_NAMED: usize = 8;

/// Collected while a call is pinned.
#[derive(Default)]
pub(super) struct Notes {
    /// What no hash holds.
    pub(super) unpinned: Vec<String>,
    /// What else a reader should know.
    pub(super) warnings: Vec<String>,
}

impl Notes {
    /// Every binary has these.
    pub(super) fn binary(&mut self, path: &Path) {
        let name = path.display();
        self.unpinned.push(format!("shared libraries and files that `{name}` opens by itself"));
    }

    /// What an interpreter runs besides a script.
    pub(super) fn operand(&mut self, interpreter: &Path, operand: &Operand) {
        let name = interpreter.display();
        match operand {
            Operand::Script(_) | Operand::Stdin => {}
            Operand::Code => {
                self.unpinned.push(format!("programs and files that the code for `{name}` names"));
            }
            Operand::Module => {
                self.unpinned.push(format!("the module that `{name}` searches for"));
            }
        }
    }

    /// A script above the limit.
    pub(super) fn too_large(&mut self, script: &str) {
        self.unpinned.push(format!("`{script}`, which is larger than 64 MiB"));
    }

    /// A script that the interpreter searches for, or a directory with one.
    pub(super) fn searched(&mut self, script: &str) {
        self.unpinned.push(format!("what the interpreter finds for `{script}`"));
    }

    /// What can be told from the whole call.
    pub(super) fn call(&mut self, call: &Call, places: &Places<'_>, plan: &Plan) {
        self.wrappers(plan);
        self.files(&call.argv, places, plan);
        self.skipped(places);
        if let Some(bytes) = &call.stdin {
            let size = counted(bytes.len(), "byte");
            self.warnings.push(format!("standard input is {size}, named only by their hash"));
        }
        self.secrets(&call.argv);
    }

    /// By the directory that an entry means here, since an empty one says nothing by itself.
    fn skipped(&mut self, places: &Places<'_>) {
        let mut named = Vec::new();
        for entry in places.skipped() {
            if named.contains(&entry) {
                continue;
            }
            named.push(entry);
            let directory = places.absolute(entry);
            let directory = directory.display();
            self.warnings.push(match entry {
                "" => format!(
                    "an empty entry of PATH means `{directory}`, the working directory, which was \
                     not searched: take the empty entry out"
                ),
                _ => format!(
                    "entry `{entry}` of PATH is not absolute, so `{directory}` was not searched: \
                     write the whole path, or take the entry out"
                ),
            });
        }
    }

    fn wrappers(&mut self, plan: &Plan) {
        for (index, pin) in plan.pins.iter().enumerate() {
            let name = pin.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // One that is only looked through starts nothing.
            let runs = index == 0 || index == plan.executed;
            if runs && WRAPPERS.contains(&name) {
                self.unpinned.push(format!("the program that `{name}` starts"));
            }
        }
    }

    fn files(&mut self, argv: &[String], places: &Places<'_>, plan: &Plan) {
        let files = plan::files_among(argv, places, plan);
        for path in files.iter().take(MAX_NAMED) {
            self.unpinned.push(format!("the content of `{}`", path.display()));
        }
        if files.len() > MAX_NAMED {
            let more = files.len() - MAX_NAMED;
            self.unpinned.push(format!("the content of {more} more files among the arguments"));
        }
    }

    /// Named and not hidden: arguments are open to all on the machine, and a command of which a
    /// part is hidden cannot be judged.
    fn secrets(&mut self, argv: &[String]) {
        for (index, word) in argv.iter().enumerate().skip(1) {
            let before = index.checked_sub(1).and_then(|i| argv.get(i)).map(String::as_str);
            if secrets::is_secret_word(word, before) {
                self.warnings.push(in_the_clear(index));
            }
        }
    }
}

fn in_the_clear(index: usize) -> String {
    let place = format!("argument {index} looks like a secret");
    format!("{place}: what no policy hides stands in the clear in every record")
}

/// Warnings of a prepared call that do not hold once policies hid words of its action.
#[must_use]
pub fn outdated(action: &Action) -> Vec<String> {
    let Action::Command(command) = action else { return Vec::new() };
    let hidden = command.argv.iter().enumerate().filter(|(_, word)| word.plain().is_none());
    hidden.map(|(index, _)| in_the_clear(index)).collect()
}
