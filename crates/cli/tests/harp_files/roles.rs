//! Propose, review, enforce.

use super::common::screen::Screen;
use super::{Desk, ended};
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn an_allowed_proposal_ends_in_zero_and_a_denied_one_in_ten() {
    for (word, words, verdict) in [
        ("--allow", "allow-deny", (0, "allow")),
        ("--deny", "allow-deny", (10, "deny")),
        ("--allow", "approve-reject", (0, "allow")),
        ("--deny", "approve-reject", (10, "deny")),
    ] {
        let desk = Desk::new();
        assert!(desk.review(&[word, "--words", words]).status.success());
        assert_eq!(desk.verdict(&[]), (verdict.0, verdict.1.to_owned()), "{word} {words}");
    }
}

#[test]
fn the_words_of_the_answer_are_the_ones_asked_for() {
    let desk = Desk::new();
    for (words, expected) in [("allow-deny", "allow"), ("approve-reject", "approve")] {
        assert!(desk.review(&["--allow", "--words", words]).status.success());
        let decision = super::json(&std::fs::read(desk.path("decision.json")).unwrap());
        assert_eq!(decision["decision"], expected);
        assert!(decision.get("policyHints").is_none() && decision["scope"] == "once");
        assert_eq!(decision.as_object().unwrap().len(), 11);
    }
}

#[test]
fn a_proposal_has_the_members_of_a_reference_file_and_no_others() {
    let desk = Desk::new();
    let wire = super::json(&std::fs::read(desk.path("artifact.json")).unwrap());
    let names = |value: &serde_json::Value| {
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let head =
        "artifactHash artifactHashAlg artifactType createdAt enc expiresAt repoRef requestId";
    assert_eq!(names(&wire), head);
    let enc = "ciphertext encAlg heKxPub info kdf maKxPub nonce salt tag";
    assert_eq!(names(&wire["enc"]), enc);
    assert!(!wire.to_string().contains("echo hi"));
}

#[test]
fn options_of_a_proposal_stand_in_its_header_and_a_payload_is_shown_whole() {
    let desk = Desk::new();
    std::fs::write(desk.path("plan.json"), r#"{"title":"Parser","steps":["one","two"]}"#).unwrap();
    let more = ["--type", "plan.review", "--repo-ref", "repo:x", "--request-id", "r-1"];
    desk.propose("artifact.json", &[&more[..], &["--payload", "plan.json"]].concat());
    let wire = super::json(&std::fs::read(desk.path("artifact.json")).unwrap());
    assert_eq!(
        (&wire["artifactType"], &wire["repoRef"]),
        (&"plan.review".into(), &"repo:x".into())
    );
    let answer = desk.answer("--deny");
    assert_eq!(answer["payload"]["steps"], serde_json::json!(["one", "two"]));
    assert_eq!((&answer["requestId"], &answer["enforcerSigned"]), (&"r-1".into(), &false.into()));
}

#[test]
fn files_made_by_hand_are_judged_and_answered() {
    let desk = Desk::by_hand();
    assert_eq!(desk.verdict(&[]), (0, "allow".to_owned()));
    let answer = desk.answer("--deny");
    assert_eq!(answer["payload"]["command"], "echo \"hello harp\"");
    assert_eq!(desk.verdict(&[]), (10, "deny".to_owned()));
}

#[test]
fn without_the_private_key_the_verdict_says_that_the_hash_was_not_recomputed() {
    let desk = Desk::by_hand();
    let recomputed = |desk: &Desk| super::json(&desk.enforce(&[]).stdout)["hashRecomputed"].clone();
    assert_eq!(recomputed(&desk), true);
    desk.edit("keys.json", |keys| {
        let keys = keys.as_object_mut().unwrap();
        keys.remove("maKxPrivRawB64Url");
        keys.remove("maEd25519PrivRawB64Url");
    });
    assert_eq!(recomputed(&desk), false);
    let args = ["enforce", "--keys", "keys.json", "--artifact", "artifact.json"];
    let output = desk.run(&[&args[..], &["--decision", "decision.json"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not recomputed") && text.contains("no --journal"), "{text}");
    assert_eq!(ended(&desk.review(&["--allow"])).1, "HARP_ERR_UNSUPPORTED");
}

#[test]
fn attack_31_keys_are_made_for_their_owner_alone_and_never_replaced() {
    let desk = Desk::new();
    let path = desk.path("keys.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    desk.propose("other.json", &["--init", "--command", "true"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_person_at_the_terminal_sees_everything_and_answers() {
    for (typed, verdict) in [("yes", (0, "allow")), ("no", (10, "deny"))] {
        let desk = Desk::new();
        desk.propose("artifact.json", &["--command", "rm -rf x\u{202e}\u{1b}[2J"]);
        let args = ["harp", "review", "--keys", "keys.json", "--artifact", "artifact.json"];
        let mut screen = Screen::of(&desk.world.command("home", &args));
        screen.sees("no enforcer signed this file");
        screen.sees("rm -rf x\\u{202e}\\u001b[2J");
        screen.sees("Type yes to allow, no to deny: ");
        screen.types(&format!("y\r{typed}\r"));
        let (code, text) = screen.end();
        assert_eq!(code, 0, "{text}");
        assert_eq!(desk.verdict(&[]), (verdict.0, verdict.1.to_owned()));
    }
}

#[test]
fn without_a_terminal_and_an_answer_nothing_is_signed() {
    let desk = Desk::new();
    let mut command = std::process::Command::new("setsid");
    let ours = desk.world.command("home", &[]);
    command.arg(super::common::BINARY).current_dir(desk.world.work());
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let args = ["harp", "review", "--json", "--keys", "keys.json", "--artifact", "artifact.json"];
    let output = command.args(args).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(ended(&output), (1, "no_terminal".to_owned()));
    assert!(!desk.path("decision.json").exists());
}

/// HARP's program in C# writes the member and does not sign it.
#[test]
fn a_null_in_place_of_hints_is_read_as_none() {
    let desk = Desk::by_hand();
    desk.edit("decision.json", |decision| decision["policyHints"] = serde_json::Value::Null);
    assert_eq!(desk.verdict(&["--journal", "journal"]), (0, "allow".to_owned()));
    assert_eq!(desk.verdict(&["--journal", "journal"]), crate::refused("REPLAY"));
    desk.edit("decision.json", |decision| decision["policyHints"] = serde_json::json!({}));
    assert_eq!(desk.verdict(&[]), crate::refused("UNSUPPORTED"));
}
