//! The three roles of HARP's reference programs, through the real binary, and attacks on the files
//! between them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

#[path = "harp_files/attacks.rs"]
mod attacks;
#[path = "harp_files/hash.rs"]
mod hash;
#[path = "harp_files/roles.rs"]
mod roles;

use common::{World, json};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

/// A directory in which the three roles hand each other their files.
pub(crate) struct Desk {
    pub(crate) world: World,
}

impl Desk {
    /// With keys, and one proposal of `echo hi`.
    pub(crate) fn new() -> Self {
        let desk = Self { world: World::empty() };
        desk.propose("artifact.json", &["--init", "--command", "echo hi"]);
        desk
    }

    /// With the files that were made by hand, from primitives.
    pub(crate) fn by_hand() -> Self {
        let desk = Self { world: World::empty() };
        let made = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../core/tests/reference");
        for (from, to) in [
            ("ma-keys.json", "keys.json"),
            ("artifact-wire.json", "artifact.json"),
            ("decision.json", "decision.json"),
        ] {
            std::fs::copy(made.join(from), desk.path(to)).unwrap();
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.world.work().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let args: Vec<&str> = ["harp"].iter().chain(args).copied().collect();
        self.world.run("home", &args)
    }

    pub(crate) fn propose(&self, out: &str, more: &[&str]) -> Value {
        let args = ["propose", "--json", "--keys", "keys.json", "--out", out];
        let output = self.run(&[&args[..], more].concat());
        assert!(output.status.success(), "{output:?}");
        json(&output.stdout)
    }

    pub(crate) fn review(&self, more: &[&str]) -> Output {
        let args = ["review", "--json", "--keys", "keys.json", "--artifact", "artifact.json"];
        self.run(&[&args[..], &["--out", "decision.json"], more].concat())
    }

    /// Signs an answer that must be accepted.
    pub(crate) fn answer(&self, word: &str) -> Value {
        let output = self.review(&[word]);
        assert!(output.status.success(), "{output:?}");
        json(&output.stdout)
    }

    pub(crate) fn enforce(&self, more: &[&str]) -> Output {
        let args = ["enforce", "--json", "--keys", "keys.json", "--artifact", "artifact.json"];
        self.run(&[&args[..], &["--decision", "decision.json"], more].concat())
    }

    /// The exit code, and the verdict or the code of the refusal.
    pub(crate) fn verdict(&self, more: &[&str]) -> (i32, String) {
        ended(&self.enforce(more))
    }

    /// Rewrites a file through its JSON.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value = json(&std::fs::read(self.path(name)).unwrap());
        change(&mut value);
        std::fs::write(self.path(name), value.to_string()).unwrap();
    }
}

/// The exit code, and the verdict or the code of the refusal.
pub(crate) fn ended(output: &Output) -> (i32, String) {
    let code = output.status.code().unwrap();
    if output.stdout.is_empty() {
        return (code, common::error_code(output));
    }
    (code, json(&output.stdout)["verdict"].as_str().unwrap_or_default().to_owned())
}

/// What a refusal looks like.
pub(crate) fn refused(code: &str) -> (i32, String) {
    (13, format!("HARP_ERR_{code}"))
}
