//! The receipt names what ran, and every reader reads the same in it.

use crate::common::{World, error_code, json};
use crate::hostile::{Stage, receipts};
use countersign_core::json::{canonical, sha256};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// A run that was approved, and its receipt.
fn executed() -> (Stage, PathBuf, Value) {
    let stage = Stage::set();
    let run = stage
        .world
        .gate(&[], &["sh", "-c", "printf '%s|' \"$0\" \"$@\"; pwd; env", "a b", "c\nd", ""]);
    stage.ann.approve();
    let output = run.output();
    assert!(output.status.success(), "{output:?}");
    fs::write(stage.world.path("output"), &output.stdout).unwrap();
    let path = PathBuf::from(stage.world.report()["receipt"].as_str().unwrap());
    let receipt = json(&fs::read(&path).unwrap());
    (stage, path, receipt)
}

fn verdict(world: &World, text: &[u8]) -> (String, i32) {
    let path = world.path("changed.json");
    fs::write(&path, text).unwrap();
    let (verdict, code) = world.verify(path.to_str().unwrap(), &[]);
    (verdict["verdict"].as_str().unwrap().to_owned(), code)
}

#[test]
fn attack_04_the_receipt_names_what_the_child_really_was() {
    let (stage, _, receipt) = executed();
    let action = &receipt["content"]["action"];
    let output = fs::read_to_string(stage.world.path("output")).unwrap();
    let argv: Vec<&str> =
        action["argv"].as_array().unwrap()[3..].iter().map(|a| a.as_str().unwrap()).collect();
    assert_eq!(argv, ["a b", "c\nd", ""]);
    let cwd = action["cwd"].as_str().unwrap();
    let rest = output.strip_prefix(&format!("{}|{cwd}\n", argv.join("|"))).unwrap();
    for line in rest.lines().filter(|line| {
        !line.starts_with("PWD=")
            && !line.starts_with("_=")
            && !line.starts_with("OLDPWD=")
            && !line.starts_with("SHLVL=")
    }) {
        let (name, value) = line.split_once('=').unwrap();
        assert_eq!(action["env"][name], value, "{name}");
    }
    // Worked out here, from the action as it is written in the receipt.
    let hash = hex(&sha256(action).unwrap());
    assert_eq!(receipt["content"]["actionHash"], hash);
    assert_eq!(stage.world.report()["actionHash"], hash);
    let suspended = &receipts(&stage.world, "enforcer")[1]["content"];
    assert_eq!((&suspended["event"], &suspended["action"]), (&json!("suspended"), action));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn attack_04_a_receipt_about_another_action_is_no_receipt() {
    let (stage, path, receipt) = executed();
    let verdict = |text: &[u8]| verdict(&stage.world, text);
    assert_eq!(verdict(&fs::read(&path).unwrap()), ("Valid".into(), 0));
    let mut other = receipt.clone();
    other["content"]["action"]["argv"][2] = "rm -rf /".into();
    assert_eq!(verdict(other.to_string().as_bytes()), ("HashMismatch".into(), 13));
    // With every hash worked out anew, the signature is missing.
    other["content"]["actionHash"] = hex(&sha256(&other["content"]["action"]).unwrap()).into();
    other["contentHash"] = hex(&sha256(&other["content"]).unwrap()).into();
    let (word, code) = verdict(other.to_string().as_bytes());
    assert!(["BadSignature", "HashMismatch"].contains(&word.as_str()), "{word}");
    assert_eq!(code, 13);
}

#[test]
fn attack_05_a_receipt_that_two_readers_could_read_differently_is_malformed() {
    let (stage, _, receipt) = executed();
    let text = receipt.to_string();
    // However it is laid out, it is the same receipt: the hash is over the canonical form.
    let pretty = serde_json::to_string_pretty(&receipt).unwrap();
    for same in [pretty.as_bytes(), &canonical(&receipt).unwrap()] {
        assert_eq!(verdict(&stage.world, same), ("Valid".into(), 0));
    }
    let seq = format!("\"seq\":{}", receipt["content"]["seq"]);
    assert!(text.contains(&seq) && text.contains("\"event\":\"executed\""));
    let other = [
        text.replace("\"event\":\"executed\"", "\"event\":\"executed\",\"event\":\"denied\""),
        text.replace(&seq, &format!("{seq}.0000000000000001")),
        text.replace(&seq, "\"seq\":1e400"),
        text.replace(&seq, "\"seq\":9007199254740993"),
        text.replace("\"c\\nd\"", "\"c\\ud800d\""),
        format!("\u{feff}{text}"),
        format!("{text}{text}"),
        format!("{}{}", "[".repeat(65), "]".repeat(65)),
        text.replacen('{', "{\"more\":1,", 1),
    ];
    for (at, bad) in other.iter().enumerate() {
        assert_ne!(*bad, text, "case {at}");
        assert_eq!(verdict(&stage.world, bad.as_bytes()), ("Malformed".into(), 13), "case {at}");
    }
    let mut bytes = text.into_bytes();
    let at = bytes.windows(3).position(|w| w == b"a b").unwrap();
    bytes[at + 1] = 0xff;
    assert_eq!(verdict(&stage.world, &bytes), ("Malformed".into(), 13));
}

#[test]
fn attack_05_an_argument_that_is_no_text_is_not_asked_about() {
    let stage = Stage::set();
    let mut command = stage.world.command("enforcer", &["--json", "run", "--", "touch"]);
    command.arg(std::ffi::OsStr::from_bytes(b"ran\xff"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(error_code(&output), "unusable_command");
    assert!(stage.gateway.calls(countersign_testkit::Kind::Submit).is_empty());
    assert_eq!(fs::read_dir(stage.world.work()).unwrap().count(), 0);
}
