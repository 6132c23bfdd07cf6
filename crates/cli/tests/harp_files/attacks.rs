//! Attacks on the files between the roles. The attacker can write all of them but the keys.

use super::{Desk, json, refused};
use countersign_core::decision::Word;
use countersign_core::encoding::Fixed;
use countersign_core::reference::{Keys, Wire, decide};
use countersign_core::sealing::Entropy;
use countersign_core::time::Instant;

fn keys(desk: &Desk) -> Keys {
    Keys::parse(&std::fs::read(desk.path("keys.json")).unwrap()).unwrap()
}

#[test]
fn attack_23_a_changed_header_or_seal_is_neither_reviewed_nor_enforced() {
    for (pointer, to) in [
        ("/repoRef", "repo:other"),
        ("/requestId", "another"),
        ("/artifactType", "plan.review"),
        ("/expiresAt", "2098-02-21T12:05:00Z"),
        ("/artifactHash", "8e326e1f69e5859a3b5b12965f06b5829f09b12d1748aa2fddb609fb44f831c1"),
        ("/enc/ciphertext", "AAAA"),
        ("/enc/tag", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("/enc/heKxPub", "4mXBNOKHDzrkXFsDm_dSoJl3QAHGm_LR3lBWjI1FGXA"),
    ] {
        let desk = Desk::by_hand();
        desk.edit("artifact.json", |wire| *wire.pointer_mut(pointer).unwrap() = to.into());
        assert_eq!(desk.verdict(&[]), refused("HASH_MISMATCH"), "{pointer}");
        std::fs::remove_file(desk.path("decision.json")).unwrap();
        assert_eq!(super::ended(&desk.review(&["--allow"])), refused("HASH_MISMATCH"), "{pointer}");
        assert!(!desk.path("decision.json").exists(), "{pointer}");
    }
}

#[test]
fn attack_23_members_that_nothing_binds_are_refused() {
    let desk = Desk::by_hand();
    desk.edit("artifact.json", |wire| wire["sessionId"] = "s".into());
    assert_eq!(desk.verdict(&[]), refused("CANONICALIZATION"));
    let desk = Desk::by_hand();
    desk.edit("artifact.json", |wire| wire["enc"]["kdf"] = "none".into());
    assert_eq!(desk.verdict(&[]), refused("UNSUPPORTED"));
}

#[test]
fn attack_03_a_payload_swapped_between_requests_does_not_open() {
    let desk = Desk::by_hand();
    desk.propose("other.json", &["--command", "rm -rf /"]);
    let other = super::json(&std::fs::read(desk.path("other.json")).unwrap());
    desk.edit("artifact.json", |wire| wire["enc"] = other["enc"].clone());
    assert_eq!(desk.verdict(&[]), refused("HASH_MISMATCH"));
    // The other request whole, with the answer to the first.
    std::fs::rename(desk.path("other.json"), desk.path("artifact.json")).unwrap();
    assert_eq!(desk.verdict(&[]), refused("HASH_MISMATCH"));
}

#[test]
fn attack_07_another_signer_counts_for_nothing() {
    let desk = Desk::by_hand();
    let args = ["propose", "--init", "--keys", "mine.json", "--command", "x", "--out", "x.json"];
    assert!(desk.run(&args).status.success());
    let mine = Keys::parse(&std::fs::read(desk.path("mine.json")).unwrap()).unwrap();
    let wire = Wire::parse(&std::fs::read(desk.path("artifact.json")).unwrap()).unwrap();
    let artifact = wire.open(&keys(&desk)).unwrap();
    let time = (artifact.head.created_at.instant(), 0);
    let forged = decide(&artifact, Word::Allow, Fixed([1; 24]), &mine, time).unwrap();
    std::fs::write(desk.path("decision.json"), serde_json::to_vec(&forged).unwrap()).unwrap();
    assert_eq!(desk.verdict(&[]), refused("SIGNATURE_INVALID"));
    // Under the pinned name, the signature is not the pinned key's.
    desk.edit("decision.json", |decision| decision["signerKeyId"] = "ma-key-1".into());
    assert_eq!(desk.verdict(&[]), refused("SIGNATURE_INVALID"));
}

#[test]
fn a_renamed_word_breaks_the_signature() {
    for word in ["approve", "deny", "reject"] {
        let desk = Desk::by_hand();
        desk.edit("decision.json", |decision| decision["decision"] = word.into());
        assert_eq!(desk.verdict(&[]), refused("SIGNATURE_INVALID"), "{word}");
    }
    let desk = Desk::by_hand();
    desk.edit("decision.json", |decision| decision["policyHints"] = serde_json::json!({}));
    assert_eq!(desk.verdict(&[]), refused("UNSUPPORTED"));
}

#[test]
fn attack_18_with_a_journal_an_answer_counts_once() {
    for word in ["--allow", "--deny"] {
        let desk = Desk::new();
        desk.answer(word);
        let first = desk.verdict(&["--journal", "journal"]);
        assert_ne!(first.0, 13, "{word}");
        assert_eq!(desk.verdict(&["--journal", "journal"]), refused("REPLAY"), "{word}");
        // A second answer to the same request is a replay of the request.
        desk.answer("--allow");
        assert_eq!(desk.verdict(&["--journal", "journal"]), refused("REPLAY"), "{word}");
        desk.propose("artifact.json", &["--command", "echo hi"]);
        desk.answer("--allow");
        assert_eq!(desk.verdict(&["--journal", "journal"]), (0, "allow".to_owned()), "{word}");
    }
}

#[test]
fn attack_18_two_enforcers_at_once_accept_one_answer_between_them() {
    let desk = Desk::by_hand();
    let args = ["harp", "enforce", "--keys", "keys.json", "--artifact", "artifact.json"];
    let args = [&args[..], &["--decision", "decision.json", "--journal", "journal"]].concat();
    let running: Vec<_> = (0..6).map(|_| desk.world.spawn("home", &args)).collect();
    let codes: Vec<_> = running.into_iter().map(|p| p.output().status.code().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 13].contains(code)), "{codes:?}");
}

#[test]
fn attack_28_a_damaged_journal_refuses_everything() {
    let desk = Desk::by_hand();
    assert_eq!(desk.verdict(&["--journal", "journal"]).0, 0);
    let whole = std::fs::read(desk.path("journal")).unwrap();
    let cut = whole[..whole.len() - 1].to_vec();
    for damaged in [cut, b"{}\n".to_vec(), b"\n".to_vec(), [&whole[..], b"x\n"].concat()] {
        std::fs::write(desk.path("journal"), &damaged).unwrap();
        assert_eq!(desk.verdict(&["--journal", "journal"]), refused("REPLAY"));
        assert_eq!(std::fs::read(desk.path("journal")).unwrap(), damaged);
    }
}

#[test]
fn a_refused_answer_is_not_spent() {
    let desk = Desk::by_hand();
    let good = std::fs::read(desk.path("decision.json")).unwrap();
    desk.edit("decision.json", |decision| decision["decision"] = "deny".into());
    assert_eq!(desk.verdict(&["--journal", "journal"]), refused("SIGNATURE_INVALID"));
    std::fs::write(desk.path("decision.json"), good).unwrap();
    assert_eq!(desk.verdict(&["--journal", "journal"]), (0, "allow".to_owned()));
}

#[test]
fn attack_19_what_is_expired_is_neither_signed_nor_accepted() {
    let desk = Desk::by_hand();
    let keys = keys(&desk);
    let wire = Wire::parse(&std::fs::read(desk.path("artifact.json")).unwrap()).unwrap();
    let mut artifact = wire.open(&keys).unwrap();
    let made = artifact.head.created_at.instant();
    artifact.head.expires_at = Instant(made.0 + 60_000).timestamp();
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    let old = Wire::seal(&artifact, &keys, Entropy(&mut fill)).unwrap();
    let answer = decide(&artifact, Word::Allow, Fixed([1; 24]), &keys, (made, 0)).unwrap();
    std::fs::write(desk.path("artifact.json"), serde_json::to_vec(&old).unwrap()).unwrap();
    std::fs::write(desk.path("decision.json"), serde_json::to_vec(&answer).unwrap()).unwrap();
    assert_eq!(desk.verdict(&[]), refused("EXPIRED"));
    assert_eq!(super::ended(&desk.review(&["--allow"])), refused("EXPIRED"));
}

#[test]
fn links_pipes_and_directories_are_refused_at_once() {
    let desk = Desk::by_hand();
    std::os::unix::fs::symlink("artifact.json", desk.path("link.json")).unwrap();
    std::fs::create_dir(desk.path("dir")).unwrap();
    let pipe = desk.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for odd in ["link.json", "dir", "pipe", "/dev/zero", "missing.json"] {
        for option in ["--artifact", "--decision", "--keys", "--journal"] {
            if (option, odd) == ("--journal", "missing.json") {
                continue;
            }
            let files = [
                ("--keys", "keys.json"),
                ("--artifact", "artifact.json"),
                ("--decision", "decision.json"),
            ];
            let others = files.iter().filter(|(name, _)| *name != option);
            let mut args = vec!["enforce", "--json", option, odd];
            args.extend(others.flat_map(|(name, file)| [*name, *file]));
            assert_eq!(super::ended(&desk.run(&args)), (1, "file".to_owned()), "{option} {odd}");
        }
    }
}

#[test]
fn a_link_where_an_answer_is_to_be_written_is_replaced_and_not_followed() {
    let desk = Desk::by_hand();
    let keys = std::fs::read(desk.path("keys.json")).unwrap();
    std::fs::remove_file(desk.path("decision.json")).unwrap();
    std::os::unix::fs::symlink("keys.json", desk.path("decision.json")).unwrap();
    desk.answer("--allow");
    assert_eq!(std::fs::read(desk.path("keys.json")).unwrap(), keys);
    assert_eq!(desk.verdict(&[]), (0, "allow".to_owned()));
}

#[test]
fn files_that_are_too_large_or_no_strict_json_are_refused() {
    let desk = Desk::by_hand();
    let large = format!("{{\"requestId\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    for name in ["artifact.json", "decision.json", "keys.json"] {
        let good = std::fs::read(desk.path(name)).unwrap();
        for bad in [large.as_str(), "", "{}", "{\"a\":1,\"a\":2}", "[]", "\u{feff}{}"] {
            std::fs::write(desk.path(name), bad).unwrap();
            let output = desk.enforce(&[]);
            assert_eq!(super::ended(&output), refused("CANONICALIZATION"), "{name}");
            assert!(output.stderr.len() < 1000);
        }
        std::fs::write(desk.path(name), good).unwrap();
    }
}

#[test]
fn a_payload_beyond_the_limit_is_not_proposed() {
    let desk = Desk::by_hand();
    let large = format!("{{\"diff\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    std::fs::write(desk.path("large.json"), large).unwrap();
    let args = ["propose", "--json", "--keys", "keys.json", "--payload", "large.json"];
    assert_eq!(super::ended(&desk.run(&args)), refused("CANONICALIZATION"));
}

#[test]
fn attack_31_keys_whose_halves_do_not_fit_are_refused_without_being_quoted() {
    let desk = Desk::by_hand();
    desk.edit("keys.json", |keys| {
        let mut torn = [0x11; 64];
        torn[32..].fill(0x77);
        keys["maEd25519PrivRawB64Url"] = Fixed(torn).to_string().into();
    });
    for output in [desk.enforce(&[]), desk.review(&["--allow"])] {
        assert_eq!(super::ended(&output), refused("SIGNATURE_INVALID"));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("ERERERER"));
    }
}

#[test]
fn attack_06_what_a_review_prints_for_programs_cannot_drive_a_terminal() {
    let desk = Desk::new();
    let command = "echo \u{9b}31m \u{202e}txt \u{200b} \u{e0041}";
    desk.propose("artifact.json", &["--command", command]);
    let output = desk.review(&["--allow"]);
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(!countersign_core::display::has_deceptive(&line), "{line:?}");
    assert_eq!(json(line.as_bytes())["payload"]["command"], command);
}

#[test]
fn a_signer_of_many_characters_is_quoted_with_200() {
    let desk = Desk::by_hand();
    desk.edit("decision.json", |decision| decision["signerKeyId"] = "k".repeat(50_000).into());
    let output = desk.enforce(&[]);
    assert_eq!(crate::ended(&output), refused("SIGNATURE_INVALID"));
    assert!(output.stderr.len() < 500, "{}", output.stderr.len());
}

#[test]
fn what_is_read_is_never_written_over() {
    let desk = Desk::by_hand();
    std::fs::write(desk.path("plan.json"), "{\"steps\":[]}").unwrap();
    let link = desk.path("keys-too.json");
    std::fs::hard_link(desk.path("keys.json"), link).unwrap();
    let read = ["keys.json", "artifact.json", "plan.json", "decision.json"];
    let all = || read.map(|name| std::fs::read(desk.path(name)).unwrap());
    let before = all();
    let review = ["review", "--json", "--keys", "keys.json", "--artifact", "artifact.json"];
    let review = [&review[..], &["--allow", "--out"]].concat();
    let propose = ["propose", "--json", "--keys", "keys.json", "--payload", "plan.json", "--out"];
    for (role, out) in [
        (&review[..], "keys.json"),
        (&review, "./keys.json"),
        (&review, "keys-too.json"),
        (&review, "artifact.json"),
        (&propose, "keys.json"),
        (&propose, "plan.json"),
    ] {
        let output = desk.run(&[role, &[out]].concat());
        assert_eq!(crate::ended(&output), (2, "usage".to_owned()), "{role:?} {out}");
    }
    assert_eq!(all(), before);
}
