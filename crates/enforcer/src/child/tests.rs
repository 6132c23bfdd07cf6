//! The rooms together: calls that are pinned and then really run.

mod attacks;
mod programs;
mod signals;

use super::call::{Call, PrepareError};
use super::prepared::{Prepared, prepare_against};
use super::running::Outcome;
use super::start::StartError;
use countersign_core::action::{Action, Command};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SECRET: [u8; 32] = [7; 32];

/// Could write nothing of the system.
const NOBODY: u32 = 65534;

/// Could write everything.
const ROOT: u32 = 0;

/// A directory with files, and a call made in it.
struct Scene {
    home: TempDir,
    caller: BTreeMap<String, String>,
    add_env: Vec<String>,
    stdin: Option<Vec<u8>>,
    user: u32,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let caller = std::env::vars().collect();
        Self { home, caller, add_env: Vec::new(), stdin: None, user: ROOT }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn copy(&self, from: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::copy(fs::canonicalize(from).unwrap(), &path).unwrap();
        path
    }

    fn set(&mut self, name: &str, value: &str) {
        self.caller.insert(name.to_owned(), value.to_owned());
    }

    fn call(&self, argv: &[&str]) -> Call {
        Call {
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            cwd: self.home.path().to_owned(),
            add_env: self.add_env.clone(),
            stdin: self.stdin.clone(),
            verb: None,
        }
    }

    fn try_prepare(&self, argv: &[&str]) -> Result<Prepared, PrepareError> {
        prepare_against(self.user, &self.call(argv), &self.caller, &SECRET)
    }

    fn prepare(&self, argv: &[&str]) -> Prepared {
        self.try_prepare(argv).unwrap_or_else(|e| panic!("{argv:?} cannot be pinned: {e}"))
    }

    async fn run(&self, argv: &[&str]) -> String {
        let (outcome, output) = run(&self.prepare(argv)).await;
        assert_eq!(outcome.exit_code, Some(0), "{argv:?}: {output}");
        output
    }
}

/// Runs to the end, output and errors together.
async fn run(prepared: &Prepared) -> (Outcome, String) {
    let mut file = tempfile::tempfile().unwrap();
    let running = prepared.launch(false, Some(&file)).unwrap();
    let outcome = running.wait().await.unwrap();
    (outcome, read(&mut file))
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

fn refusal(prepared: &Prepared) -> StartError {
    match prepared.launch(false, None) {
        Err(refusal) => refusal,
        Ok(_) => panic!("it was started"),
    }
}

fn command(prepared: &Prepared) -> &Command {
    match prepared.action() {
        Action::Command(command) => command,
        other => panic!("{other:?}"),
    }
}

fn paths(prepared: &Prepared) -> Vec<&str> {
    command(prepared).files.iter().map(|file| file.path.as_str()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
