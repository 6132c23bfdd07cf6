//! The home itself, its keys, gateways and policy.

use super::{Patient, Said, mode};
use crate::common::{World, files, json};
use crate::hostile::until;
use countersign_enforcer::Edge;
use countersign_testkit::database;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

#[test]
fn a_healthy_home_passes_and_keeps_every_byte() {
    let patient = Patient::paired();
    let before = files(&patient.home());
    let said = patient.doctor();
    said.is_whole();
    assert_eq!(said.exit, 0, "{:#}", said.document);
    for name in
        ["home", "operator key", "pinned keys", "ledger", "receipts", "clock", "approvers", "disk"]
    {
        said.check(name, "ok");
    }
    said.check("pairing ann", "ok");
    said.check(&format!("gateway {}", patient.world.url()), "ok");
    let clock = said.check("clock", "ok")["found"].clone();
    assert!(clock.as_str().unwrap().contains("the gateways agree"), "{clock}");
    said.check("protection", "warn");
    assert_eq!(files(&patient.home()), before, "looking changed the home");
}

/// A stop that was taken out of the database lets the gate go on; whoever looks is told.
#[test]
fn attack_28_what_was_edited_beside_the_receipts_is_a_failure() {
    let patient = Patient::paired();
    patient.run(&["freeze", "-m", "something is wrong"]);
    patient.doctor().check("receipts", "ok");
    let edit = |sql| {
        let ledger = patient.home().join("ledger.db");
        database::edit(&ledger, sql).unwrap();
    };
    edit("INSERT INTO hold VALUES ('court', NULL, 0)");
    let said = patient.doctor();
    said.fails("receipts", "[Contradicted]");
    let fix = said.check("receipts", "fail")["fix"].clone();
    assert!(fix.as_str().unwrap().ends_with("audit verify"), "{fix}");
    // What the gate itself looks back for it misses at once.
    edit("DELETE FROM frozen");
    patient.doctor().fails("ledger", "the stop of receipt");
}

#[test]
fn attack_28_a_table_that_is_gone_is_a_failure_of_the_ledger() {
    let patient = Patient::paired();
    patient.doctor().check("ledger", "ok");
    database::edit(&patient.home().join("ledger.db"), "DROP TABLE usable;").unwrap();
    patient.doctor().fails("ledger", "what may still be used");
}

/// A receipt that somebody writes while it looks is later than its beginning, and the clock is right.
#[test]
fn a_receipt_that_is_written_meanwhile_says_nothing_against_the_clock() {
    let patient = Patient::paired();
    let ledger = patient.home().join("ledger.db");
    let held = std::fs::File::open(patient.home().join("ledger.db.lock")).unwrap();
    held.lock().unwrap();
    let mut doctor = patient.command(&["doctor", "--json"]);
    let doctor = doctor.stdout(Stdio::piped()).spawn().unwrap();
    let waiting = format!("-> FLOCK  ADVISORY  WRITE {} ", doctor.id());
    until("the wait for the ledger", || {
        std::fs::read_to_string("/proc/locks").unwrap().contains(&waiting)
    });
    let now = Edge::system().now().timestamp();
    let written = format!(
        "UPDATE receipt SET body = json_set(body, '$.content.recordedAt', '{}')
            WHERE seq = (SELECT max(seq) FROM receipt);",
        now.as_str()
    );
    database::edit(&ledger, &written).unwrap();
    held.unlock().unwrap();
    let output = doctor.wait_with_output().unwrap();
    let said = Said { document: json(&output.stdout), exit: output.status.code().unwrap() };
    said.check("clock", "ok");
}

#[test]
fn people_read_one_line_for_each_check() {
    let patient = Patient::paired();
    let output = patient.command(&["doctor"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !text.contains('\u{1b}'), "{text}");
    assert!(text.contains("ok       home ") && text.contains("nothing failed; "), "{text}");
    assert!(text.contains("fix: "), "{text}");
}

#[test]
fn a_missing_home_fails_and_is_not_made() {
    let patient = Patient::of(World::bare());
    let said = patient.doctor();
    said.fails("home", "is not there");
    said.is_whole();
    assert!(!patient.home().exists());
}

#[test]
fn a_home_that_is_a_file_fails_and_the_other_checks_go_on() {
    let patient = Patient::of(World::bare());
    std::fs::write(patient.home(), "").unwrap();
    let said = patient.doctor();
    said.fails("home", "no directory");
    said.is_whole();
}

#[test]
fn attack_31_a_key_that_others_can_read_fails() {
    let patient = Patient::paired();
    let key = patient.home().join("keys/operator.json");
    for (path, open) in [(key, 0o644), (patient.home().join("ledger.db"), 0o640)] {
        mode(&path, open);
        let said = patient.doctor();
        said.fails("home", path.file_name().unwrap().to_str().unwrap());
        let found = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, open, "looking changed it");
        mode(&path, 0o600);
    }
    mode(&patient.home(), 0o755);
    patient.doctor().fails("home", "0755");
}

#[test]
fn each_damaged_file_is_a_failure_of_its_own_check() {
    let cases = [
        ("trust.json", "pinned keys"),
        ("keys/operator.json", "operator key"),
        ("head.json", "ledger"),
        ("pairings/ann.json", "approvers"),
        ("ledger.db", "ledger"),
    ];
    let patient = Patient::paired();
    for (file, check) in cases {
        let path = patient.home().join(file);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, "{\"half\":").unwrap();
        let said: Said = patient.doctor();
        said.fails(check, "");
        said.is_whole();
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(patient.doctor().exit, 0);
}

#[test]
fn what_is_gone_from_a_home_fails_and_is_not_made_again() {
    let patient = Patient::paired();
    for (file, check) in [
        ("trust.json", "pinned keys"),
        ("keys/operator.json", "operator key"),
        ("ledger.db", "ledger"),
        ("owners", "operator key"),
    ] {
        let (path, aside) = (patient.home().join(file), patient.world.path("aside"));
        std::fs::rename(&path, &aside).unwrap();
        patient.doctor().fails(check, "");
        assert!(!path.exists(), "{file} was made again");
        std::fs::rename(&aside, &path).unwrap();
    }
    assert_eq!(patient.doctor().exit, 0);
}

#[test]
fn a_gateway_that_is_away_fails() {
    let mut patient = Patient::paired();
    patient.world.kill_gateway();
    let said = patient.doctor();
    said.fails(&format!("gateway {}", patient.world.url()), "does not answer");
    said.check("pairing ann", "skipped");
}

#[test]
fn a_passphrase_file_that_others_read_fails() {
    let patient = Patient::paired();
    mode(&patient.world.path("passphrase"), 0o644);
    let said = patient.doctor();
    said.fails("passphrase file", "others");
}

#[test]
fn a_policy_that_nobody_accepted_warns_and_one_that_does_not_load_fails() {
    let patient = Patient::paired();
    let path = patient.home().join("policy.toml");
    std::fs::write(&path, "version = 1\n").unwrap();
    mode(&path, 0o600);
    let said = patient.doctor();
    let check = said.check("policy", "warn");
    assert!(check["fix"].as_str().unwrap().ends_with("policy accept"), "{check}");
    std::fs::write(&path, "version = ").unwrap();
    patient.doctor().fails("policy", "does not load");
}

#[test]
fn an_accepted_policy_that_was_changed_fails() {
    let patient = Patient::of(World::bare());
    patient.run(&["policy", "init"]);
    patient.doctor().check("policy", "ok");
    let path = patient.home().join("policy.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n# more\n")).unwrap();
    patient.doctor().fails("policy", "changed");
    std::fs::remove_file(&path).unwrap();
    let said = patient.doctor();
    said.fails("policy", "gone");
    let fix = said.check("policy", "fail")["fix"].clone();
    let fix = fix.as_str().unwrap().split(';').next().unwrap().to_owned();
    // What is printed mends it when it is pasted.
    let line = fix.replace("countersign ", &format!("'{}' ", env!("CARGO_BIN_EXE_countersign")));
    let output = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
    assert!(output.status.success(), "{fix}: {output:?}");
    patient.doctor().check("policy", "ok");
}

#[test]
fn a_pairing_file_that_is_gone_is_a_finding_of_its_own() {
    let patient = Patient::paired();
    std::fs::remove_file(patient.home().join("pairings/ann.json")).unwrap();
    let said = patient.doctor();
    said.fails("pairing ann", "is gone");
    let fix = said.check("pairing ann", "fail")["fix"].clone();
    assert!(fix.as_str().unwrap().starts_with("restore "), "{fix}");
    let fix = said.check("approvers", "warn")["fix"].clone();
    assert!(fix.as_str().unwrap().starts_with("restore "), "{fix}");
}

#[test]
fn after_the_last_approver_was_revoked_the_fix_is_a_new_home() {
    let patient = Patient::paired();
    patient.run(&["revoke", "ann"]);
    let fix = patient.doctor().check("approvers", "warn")["fix"].clone();
    assert!(fix.as_str().unwrap().starts_with("begin a new home"), "{fix}");
}

#[test]
fn a_home_in_which_nobody_stays_who_may_allow_changes_of_keys_warns_with_a_new_home() {
    let patient = Patient::of(World::with_gateway());
    patient.run(&["policy", "accept"]);
    patient.doctor().check("floor", "skipped");
    let world = &patient.world;
    world.pair("enforcer", "approver", "ann", "device");
    let found = patient.doctor().check("floor", "ok")["found"].clone();
    assert!(found.as_str().unwrap().contains("`device`"), "{found}");
    let (mut pairing, link) = world.invite("enforcer", "bob", "device");
    world.json("approver-2", &["join", &link]);
    world.answer("approve");
    assert!(pairing.wait().success());
    // One that runs out answers for a while, and nobody is left after it.
    patient.run(&["revoke", "bob", "--after", "1h"]);
    patient.doctor().check("floor", "ok");
    patient.run(&["revoke", "ann"]);
    let said = patient.doctor();
    said.check("approvers", "ok");
    let fix = said.check("floor", "warn")["fix"].clone();
    assert!(fix.as_str().unwrap().starts_with("begin a new home"), "{fix}");
}

#[test]
fn whom_no_pairing_leads_to_keeps_no_floor() {
    let patient = Patient::paired();
    std::fs::remove_file(patient.home().join("pairings/ann.json")).unwrap();
    patient.doctor().check("floor", "warn");
}
