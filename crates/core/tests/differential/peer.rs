//! The other implementation, as a process that answers all inputs at once.

use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const HINT: &str = "`cargo xtask sdk` builds it; it needs node and npm";

/// One answer for each input.
pub(crate) fn answers(inputs: &[Value]) -> Vec<Value> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../sdk/typescript/dist/test/differential.js");
    assert!(script.is_file(), "sdk/typescript is not built: {HINT}");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("`node` did not start: {e}; {HINT}"));
    let mut lines = String::new();
    inputs.iter().for_each(|input| lines.push_str(&format!("{input}\n")));
    // It reads all of them before it answers the first, so nobody waits for the other.
    node.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the other implementation failed: {}", output.status);
    let answers = String::from_utf8(output.stdout).unwrap();
    answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
