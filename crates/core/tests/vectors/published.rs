//! The published values: hashes and signatures that others made.

use crate::suite::{load, text};
use countersign_core::artifact::Artifact;
use countersign_core::decision::Decision;
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json;
use countersign_core::message::Message as _;
use countersign_core::prompt::Prompt;
use countersign_core::session::Snapshot;
use serde_json::Value;

#[test]
fn the_published_hashes_are_ours() {
    let core = load("harp-0.2/core.json");
    for name in ["artifactHash", "promptHash", "snapshotHash"] {
        let bytes = text(&core[name], "canonical").as_bytes();
        let value = json::parse(bytes, json::limit::ARTIFACT).unwrap();
        assert_eq!(json::canonical(&value).unwrap(), bytes, "{name}");
        let hash = Hash(json::sha256(&value).unwrap()).to_string();
        assert_eq!(hash, text(&core[name], "sha256"), "{name}");
    }
    let with_hash = |name: &str, member: &str| {
        let mut value: Value = serde_json::from_str(text(&core[name], "canonical")).unwrap();
        value[member] = core[name]["sha256"].clone();
        value.to_string().into_bytes()
    };
    let prompt = Prompt::parse(&with_hash("promptHash", "promptHash")).unwrap();
    assert_eq!(prompt.key().unwrap().unwrap().prompt_hash, prompt.prompt_hash);
    let snapshot = Snapshot::parse(&with_hash("snapshotHash", "snapshotHash")).unwrap();
    assert_eq!(snapshot.key().unwrap().unwrap().snapshot_hash, snapshot.snapshot_hash);
    let mut artifact: Value =
        serde_json::from_str(text(&core["artifactHash"], "canonical")).unwrap();
    artifact["artifactHash"] = core["artifactHash"]["sha256"].clone();
    let artifact = Artifact::from_value(artifact).unwrap();
    assert_eq!(artifact.hash().unwrap().to_string(), text(&core["artifactHash"], "sha256"));
}

#[test]
fn the_published_signatures_verify_or_not_as_published() {
    let core = load("harp-0.2/core.json");
    for name in ["decisionSignature", "decisionSignatureAfterRename"] {
        let vector = &core[name];
        let mut value: Value = serde_json::from_str(text(vector, "canonical")).unwrap();
        value["signature"] = vector["signature"].clone();
        let decision = Decision::parse(value.to_string().as_bytes()).unwrap();
        assert_eq!(decision.signable().unwrap(), text(vector, "canonical").as_bytes());
        let key: Fixed<32> = Fixed::from_text(text(vector, "publicKey")).unwrap();
        let valid = decision.verify_signature(&key.0).is_ok();
        assert_eq!(Some(valid), vector["valid"].as_bool(), "{name}");
    }
}
