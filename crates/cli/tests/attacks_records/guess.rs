//! What the gateway sees gives a guesser nothing to check a guess against.

use crate::hostile::Stage;
use countersign_core::encoding::Hash;
use countersign_core::json::canonical;
use countersign_testkit::Kind;
use serde_json::{Value, json};

/// Everything that the gateway saw in a submitted question.
fn submitted(stage: &Stage) -> Vec<Vec<u8>> {
    stage.gateway.calls(Kind::Submit).into_iter().map(|call| call.body).collect()
}

#[test]
fn attack_40_a_hash_that_the_gateway_sees_confirms_no_guess() {
    let stage = Stage::set();
    for _ in 0..2 {
        stage.refused(stage.go(&["--ttl", "1s"]), "expired", "HARP_ERR_EXPIRED");
    }
    let seen = submitted(&stage);
    let hash = |body: &Vec<u8>| -> Value {
        serde_json::from_slice::<Value>(body).unwrap()["body"]["artifactHash"].clone()
    };
    assert_ne!(hash(&seen[0]), hash(&seen[1]), "the same command twice has two hashes");
    // A guesser who knows the whole command and every word around it, but not the salt.
    let receipts = crate::hostile::receipts(&stage.world, "enforcer");
    let content =
        &receipts.iter().find(|r| r["content"]["event"] == "suspended").unwrap()["content"];
    let mut artifact = content["artifacts"][0].clone();
    artifact["payload"] = content["action"].clone();
    artifact.as_object_mut().unwrap().remove("artifactHash");
    let guess = |artifact: &Value| Hash::of(&canonical(artifact).unwrap()).to_string();
    assert_eq!(hash(&seen[0]), guess(&artifact), "with the salt it can be worked out");
    let extensions = artifact["extensions"].as_object_mut().unwrap();
    let salt = extensions.remove("org.countersign.salt").unwrap();
    let mut guesses = vec![guess(&artifact), guess(&content["action"])];
    guesses.push(guess(&json!(content["action"]["argv"])));
    for body in &seen {
        let text = String::from_utf8_lossy(body).into_owned();
        for guess in &guesses {
            assert!(!text.contains(guess.as_str()), "{guess}");
        }
        assert!(!text.contains(salt.as_str().unwrap()), "the salt travels sealed");
    }
}

#[test]
fn attack_40_a_short_secret_cannot_be_guessed_from_its_commitment() {
    let commitment = || {
        let stage = Stage::set();
        let args = ["run", "--env", "PIN_TOKEN", "--ttl", "60s", "--", "true"];
        let mut command = stage.world.command("enforcer", &args);
        command.env("PIN_TOKEN", "1234");
        let run = crate::common::Process::start(command);
        let asked = stage.ann.request();
        let committed = asked.payload["env"]["PIN_TOKEN"]["_sd"].as_str().unwrap().to_owned();
        run.signal("TERM");
        assert_eq!(run.output().status.code(), Some(126));
        committed
    };
    let (one, two) = (commitment(), commitment());
    assert_ne!(one, two, "it hangs on a secret of the ledger");
    let place = canonical(&("/env/PIN_TOKEN", "1234")).unwrap();
    for guess in [&b"1234"[..], b"\"1234\"", &place] {
        let hash = Hash::of(guess).to_string();
        assert!(one != hash && two != hash);
    }
}
