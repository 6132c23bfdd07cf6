//! A gateway between two devices that meet, and one that invents questions afterwards.

use crate::common::{Process, World, error_code};
use crate::hostile::{PRIZE, between, without_terminal};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::encoding::{Hash, base64, unbase64};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::Receipt;
use countersign_testkit::{Call, Honest, HostileGateway, Kind, Reply, forge};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lets the two sides meet by link through the gateway's script; says how it ended on each.
fn meet(world: &World) -> (Output, Output) {
    let (pairing, link) = world.invite("enforcer", "ann", "device");
    let joined = world.run("approver", &["join", &link, "--json"]);
    (pairing.output(), joined)
}

/// Nobody is pinned on either side, and a run has nobody to ask.
fn nothing_is_pinned(world: &World) {
    let trust: Value = world.json("enforcer", &["trust", "show"]);
    assert_eq!(trust["approvers"], json!([]));
    for party in ["enforcer", "approver"] {
        assert_eq!(world.json(party, &["list"])["pairings"], json!([]), "{party}");
    }
    let output = world.run("enforcer", &["run", "--", PRIZE[0], PRIZE[1], PRIZE[2]]);
    assert_eq!(output.status.code(), Some(126));
    assert!(!world.work().join("ran").exists());
}

/// Puts the gateway's own keys in the place of an approver's.
fn as_the_approver(gateway: &HostileGateway, keys: Value) {
    gateway.script(move |call, honest| {
        let keys = keys.clone();
        async move {
            let told = matches!(call.kind, Kind::PairingStatus | Kind::Confirm);
            let reply = honest.answer(call).await;
            if !told {
                return reply;
            }
            reply.edit(|status| {
                if !status["keys"].is_null() {
                    status["keys"] = keys;
                }
            })
        }
    });
}

fn public(keys: &SecretKeys) -> Value {
    serde_json::to_value(keys.public()).unwrap()
}

#[test]
fn attack_37_approver_keys_swapped_behind_a_link_are_not_pinned() {
    let (world, gateway) = between();
    as_the_approver(&gateway, public(&forge::strangers_keys()));
    let (paired, joined) = meet(&world);
    assert_eq!((paired.status.code(), error_code(&paired)), (Some(13), "pairing_refused".into()));
    assert!(!joined.status.success());
    nothing_is_pinned(&world);
}

#[test]
fn attack_37_half_a_key_swapped_behind_a_link_is_no_key() {
    let (world, gateway) = between();
    let stranger = forge::strangers_keys();
    gateway.script(move |call, honest| {
        let stranger = Arc::clone(&stranger);
        async move {
            let status = call.kind == Kind::PairingStatus;
            let reply = honest.answer(call).await;
            if !status {
                return reply;
            }
            reply.edit(|status| swap_the_exchange_half(&mut status["keys"], &stranger))
        }
    });
    let (pairing, link) = world.invite("enforcer", "ann", "device");
    // It waits for a reply that makes sense, as long as the code lives.
    let joining = world.spawn("approver", &["join", &link]);
    assert!(!pairing.output().status.success());
    drop(joining);
    nothing_is_pinned(&world);
}

/// The Ed25519 half, which people could compare, stays; messages would be sealed to the gateway.
fn swap_the_exchange_half(keys: &mut Value, by: &SecretKeys) {
    let Some(text) = keys["publicKey"].as_str() else { return };
    let mut bytes = unbase64(text).unwrap();
    bytes[32..].copy_from_slice(&by.public().exchange());
    keys["publicKey"] = base64(&bytes).into();
}

#[test]
fn attack_37_enforcer_keys_swapped_behind_a_link_are_not_pinned() {
    let (world, gateway) = between();
    let stranger = public(&forge::strangers_keys());
    gateway.script(move |call, honest| {
        let stranger = stranger.clone();
        async move {
            let resolve = call.kind == Kind::Resolve;
            let reply = honest.answer(call).await;
            if resolve { reply.edit(|found| found["keys"] = stranger) } else { reply }
        }
    });
    let (pairing, link) = world.invite("enforcer", "ann", "device");
    let joined = world.run("approver", &["join", &link, "--json"]);
    assert_eq!((joined.status.code(), error_code(&joined)), (Some(13), "pairing_refused".into()));
    assert!(gateway.calls(Kind::Complete).is_empty(), "it was not even told our keys");
    pairing.signal("INT");
    assert!(!pairing.output().status.success());
    nothing_is_pinned(&world);
}

#[test]
fn attack_37_a_gateway_in_the_middle_of_a_typed_code_shows_two_different_sets_of_digits() {
    let (world, gateway) = between();
    let (middle, patient) = (Middle::new(), patient());
    gateway.script(move |call, honest| {
        let (middle, patient) = (Arc::clone(&middle), Arc::clone(&patient));
        async move {
            patient.hear(&call).await;
            middle.pass(call, honest).await
        }
    });
    let (paired, joined) = meet_by_code(&world);
    let (one, two) = (digits(&paired), digits(&joined));
    assert_ne!(one, two);
    assert!(!paired.status.success() && !joined.status.success(), "nobody said yes");
    nothing_is_pinned(&world);
}

#[test]
fn attack_37_the_same_code_through_an_honest_gateway_shows_the_same_digits() {
    let (world, gateway) = between();
    let patient = patient();
    gateway.script(move |call, honest| {
        let patient = Arc::clone(&patient);
        async move {
            patient.hear(&call).await;
            honest.answer(call).await
        }
    });
    let (paired, joined) = meet_by_code(&world);
    assert_eq!(digits(&paired), digits(&joined));
    assert!(!paired.status.success(), "without a person's yes it is a no all the same");
    nothing_is_pinned(&world);
}

/// Lets the two sides meet by typed code, where nobody sits at either screen.
fn meet_by_code(world: &World) -> (Output, Output) {
    let args = ["pair", "--name", "ann", "--relay", world.url()];
    let mut pairing = Process::start(without_terminal(&world.command("enforcer", &args)));
    let mut lines = BufReader::new(pairing.printed()).lines().map(Result::unwrap);
    let code = lines.find_map(|line| {
        let after = line.split_once("the code ")?.1.split(' ').next()?;
        Some(after.to_owned())
    });
    let args = ["join", &code.unwrap(), "--relay", world.url()];
    let joined = Process::start(without_terminal(&world.command("approver", &args))).output();
    (pairing.output(), joined)
}

/// The six digits that a screen without a person shows.
fn digits(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let asked = text.lines().find(|line| line.contains("other screen"));
    let asked = asked.unwrap_or_else(|| panic!("no digits in {text}"));
    asked.chars().filter(char::is_ascii_digit).collect()
}

/// Keeps the enforcer's answer back until the approver has seen digits too.
#[derive(Default)]
struct Patient(AtomicBool);

fn patient() -> Arc<Patient> {
    Arc::default()
}

impl Patient {
    async fn hear(&self, call: &Call) {
        if call.kind != Kind::Confirm {
            return;
        }
        if call.json()["role"] == "approver" {
            self.0.store(true, Ordering::SeqCst);
        }
        while !self.0.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Runs a pairing of its own towards each side.
struct Middle {
    towards_enforcer: Arc<SecretKeys>,
    towards_approver: Arc<SecretKeys>,
    r: [u8; 32],
}

impl Middle {
    fn new() -> Arc<Self> {
        let (towards_enforcer, towards_approver) =
            (forge::strangers_keys(), forge::strangers_keys());
        Arc::new(Self { towards_enforcer, towards_approver, r: [7; 32] })
    }

    async fn pass(&self, call: Call, honest: Honest) -> Reply {
        let kind = call.kind;
        let reply = honest.answer(call).await;
        match kind {
            Kind::Resolve => reply.edit(|found| {
                found["keys"] = public(&self.towards_approver);
                found["commitment"] = self.commitment().into();
            }),
            Kind::PairingStatus | Kind::Confirm => reply.edit(|status| {
                if !status["keys"].is_null() {
                    status["keys"] = public(&self.towards_enforcer);
                }
                if !status["r"].is_null() {
                    status["r"] = base64(&self.r).into();
                }
            }),
            _ => reply,
        }
    }

    fn commitment(&self) -> String {
        let mut bytes = self.towards_approver.public().bytes().0.to_vec();
        bytes.extend(self.r);
        Hash::of(&bytes).to_string()
    }
}

#[test]
fn attack_36_a_question_that_the_gateway_invents_is_neither_shown_nor_signed() {
    let (world, gateway) = between();
    world.pair("enforcer", "approver", "ann", "device");
    let device = gateway.calls(Kind::Complete)[0].json()["keys"].clone();
    let device = serde_json::from_value(device).unwrap();
    // As good as it gets: a true question of this very enforcer, with another command in it.
    let run = world.gate(&["--ttl", "20s"], &["true"]);
    gateway.wait_for_calls(Kind::Wait, 1);
    let mut artifact = suspended(&world);
    run.signal("TERM");
    assert_eq!(run.output().status.code(), Some(126));
    artifact.payload.insert("argv".into(), json!(PRIZE));
    artifact.head.artifact_hash = artifact.hash().unwrap();
    let statement = Statement::sign(artifact, Vec::new(), &forge::strangers_keys()).unwrap();
    let question = forge::question(&statement, &device);
    let id = question["requestId"].as_str().unwrap().to_owned();
    gateway.script(move |call, honest| {
        let question = question.clone();
        async move {
            let inbox = call.kind == Kind::Inbox;
            let reply = honest.answer(call).await;
            let invent = |page: &mut Value| page["body"]["items"] = json!([question]);
            if inbox { reply.edit(invent) } else { reply }
        }
    });
    let inbox = world.json("approver", &["inbox"]);
    let refused = inbox["items"][0]["refused"].as_str().unwrap();
    assert!(refused.contains("did not sign"), "{inbox}");
    assert!(!inbox.to_string().contains(PRIZE[2]), "nothing of it is shown: {inbox}");
    for command in ["approve", "show"] {
        let output = world.run("approver", &[command, &id, "--json"]);
        assert_eq!(output.status.code(), Some(13), "{command}");
        assert_eq!(error_code(&output), "HARP_ERR_SIGNATURE_INVALID", "{command}");
    }
    assert!(gateway.calls(Kind::Decide).is_empty(), "nothing was signed");
}

/// The artifact of the newest question, from the enforcer's own ledger.
fn suspended(world: &World) -> Artifact {
    let receipt = world.json("enforcer", &["receipt", "show", "last"]);
    let bytes = serde_json::to_vec(&receipt).unwrap();
    let receipt = Receipt::parse(&bytes).unwrap();
    receipt.content.whole_artifacts().remove(0)
}
