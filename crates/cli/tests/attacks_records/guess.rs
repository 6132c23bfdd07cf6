//! What the gateway sees gives a guesser nothing to check a guess against.

use crate::hostile::Stage;
use countersign_core::encoding::Hash;
use countersign_core::json::canonical;
use countersign_testkit::Kind;
use serde_json::Value;

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
    let all = crate::hostile::receipts(&stage.world, "enforcer");
    let asked = all.iter().filter(|receipt| receipt["content"]["event"] == "suspended");
    let mut salts = Vec::new();
    for (receipt, body) in asked.zip(&seen) {
        let (artifact, action) = artifact(&receipt["content"]);
        assert_eq!(hash(body), guess(&artifact), "with the salt it can be worked out");
        let mut unsalted = artifact;
        let extensions = unsalted["extensions"].as_object_mut().unwrap();
        let salt = extensions.remove("org.countersign.salt").unwrap();
        let text = String::from_utf8_lossy(body).into_owned();
        for guess in [guess(&unsalted), guess(&action), guess(&action["argv"])] {
            assert!(!text.contains(&guess), "{guess}");
        }
        let salt = salt.as_str().unwrap().to_owned();
        assert!(salt.len() == 43 && !text.contains(&salt), "32 bytes, which travel sealed");
        salts.push(salt);
    }
    assert!(salts.len() == 2 && salts[0] != salts[1], "a fresh one for each question");
}

/// What was asked, whole but for its own hash, and the action in it.
fn artifact(content: &Value) -> (Value, Value) {
    let mut artifact = content["artifacts"][0].clone();
    artifact["payload"] = content["action"].clone();
    artifact.as_object_mut().unwrap().remove("artifactHash");
    (artifact, content["action"].clone())
}

fn guess(value: &Value) -> String {
    Hash::of(&canonical(value).unwrap()).to_string()
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
