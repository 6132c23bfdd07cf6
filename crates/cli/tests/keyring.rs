//! The passphrase in the keyring of the operating system.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{BINARY, World, json};
use std::process::{Command, Stdio};

/// Both commands run in one session of the kernel's keyring, as under one login.
const JOIN_THEN_LOOK: &str = r#"
"$BINARY" --home "$HOME_DIR" join "$LINK" --keyring --passphrase-file "$PASSPHRASE" --json || exit 1
exec "$BINARY" --home "$HOME_DIR" inbox --keyring --json
"#;

#[test]
fn a_passphrase_that_the_keyring_keeps_is_asked_for_no_more() {
    let world = World::with_gateway();
    let (mut pairing, link) = world.invite("enforcer", "ann", "device");
    let output = Command::new("keyctl")
        .args(["session", "-", "sh", "-c", JOIN_THEN_LOOK])
        .env("BINARY", BINARY)
        .env("HOME_DIR", world.path("approver"))
        .env("LINK", link)
        .env("PASSPHRASE", world.path("passphrase"))
        .env_remove("COUNTERSIGN_PASSPHRASE_FILE")
        .stdin(Stdio::null())
        .output()
        .expect("keyctl of the package keyutils is needed");
    assert!(pairing.wait().success());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_owned();
    assert_eq!(json(last.as_bytes())["items"], serde_json::json!([]));
}
