//! More than ten thousand inputs, the same in every run.

use super::bundles;
use super::mutate::{Chance, damaged, misshapen};
use super::objects::{self, NOW, secret};
use countersign_core::artifact::Artifact;
use countersign_core::decision::{Answer, Reason, Word};
use countersign_core::encoding::{Fixed, base64};
use countersign_core::json::canonical;
use countersign_core::reference::{Keys, Wire, decide};
use countersign_core::sealing::{Entropy, Sealed, Shown, seal};
use countersign_core::time::Instant;
use countersign_core::token::{Terms, Token};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) fn all() -> Vec<Value> {
    let mut source = Source { runner: TestRunner::deterministic(), chance: Chance(1) };
    let mut inputs = Vec::new();
    let kinds: [(usize, Make); 18] = [
        (3_000, canonical_value),
        (1_500, number_text),
        (500, key_order),
        (2_000, artifact),
        (1_500, decision),
        (1_500, receipt),
        (400, bundle),
        (500, trust),
        (500, time),
        (400, statement),
        (300, answer),
        (300, checkpoint),
        (400, signature),
        (300, sealed),
        (300, token),
        (400, reference),
        (100, sign),
        (100, sealing),
    ];
    for (count, make) in kinds {
        inputs.extend((0..count).map(|_| make(&mut source)));
    }
    inputs
}

/// Makes one input of a kind.
type Make = fn(&mut Source) -> Value;

struct Source {
    runner: TestRunner,
    chance: Chance,
}

impl Source {
    fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    fn artifact(&mut self) -> Artifact {
        let inner = self.draw(value());
        let payload = objects::payload(&mut self.chance, &inner);
        let route = objects::route(&mut self.chance);
        objects::artifact(&mut self.chance, payload, &route)
    }

    /// The object's text: as it is, written otherwise, damaged, or in another shape.
    fn text(&mut self, object: &impl Serialize) -> Vec<u8> {
        let value = serde_json::to_value(object).unwrap();
        let text = canonical(&value).unwrap();
        match self.chance.below(6) {
            0 | 1 => text,
            2 => serde_json::to_vec_pretty(&value).unwrap(),
            3 => damaged(&text, &mut self.chance),
            _ => serde_json::to_vec(&misshapen(&value, &mut self.chance)).unwrap(),
        }
    }

    /// The same for inputs that hold texts only.
    fn string(&mut self, object: &impl Serialize) -> String {
        String::from_utf8_lossy(&self.text(object)).into_owned()
    }
}

/// Any value, also such as have no canonical form because of their keys.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(
                ("[ -~\u{a1}-\u{2fff}]{0,6}|__proto__|constructor|toJSON|10", inner),
                0..6
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn of_bytes(op: &str, bytes: &[u8]) -> Value {
    json!({"op": op, "bytes": base64(bytes)})
}

fn canonical_value(source: &mut Source) -> Value {
    let value = source.draw(value());
    of_bytes("canonical", &source.text(&value))
}

fn number_text(source: &mut Source) -> Value {
    let text = source.draw(prop_oneof![
        "-?(0|[1-9][0-9]{0,21})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        "-?[0-9]{1,3}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        any::<f64>().prop_map(|f| format!("{f:?}")),
        any::<f64>().prop_map(|f| format!("{f:e}")),
        (any::<u64>(), -40_i32..300).prop_map(|(n, e)| format!("{n}e{e}")),
        (0_u64..1 << 55).prop_map(|n| n.to_string()),
        "[-+.eE0-9]{1,8}",
    ]);
    of_bytes("canonical", format!("[{text}]").as_bytes())
}

fn key_order(source: &mut Source) -> Value {
    let key = "[a\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,3}";
    let keys = source.draw(prop::collection::vec(key, 0..4));
    let members: Vec<String> = keys.iter().map(|key| format!("{}:1", json!(key))).collect();
    of_bytes("canonical", format!("{{{}}}", members.join(",")).as_bytes())
}

fn artifact(source: &mut Source) -> Value {
    let artifact = source.artifact();
    of_bytes("artifact", &source.text(&artifact))
}

fn decision(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let chance = &mut source.chance;
    let mut trust = objects::trust(chance);
    if chance.one_in(20) {
        trust.approvers.clear();
    }
    let other =
        Artifact::build(artifact.head.clone(), objects::payload(chance, &json!(1))).unwrap();
    let about = if chance.one_in(12) { &other } else { &artifact };
    let n = *chance.pick(&[2, 2, 2, 4, 4, 3, 5]);
    let decision = objects::decision(chance, about, n);
    let (hash, signer) = (decision.artifact_hash, decision.signer_key_id.clone());
    let requests = if chance.one_in(12) { json!([["r1", hash]]) } else { json!([]) };
    let nonces = if chance.one_in(12) { json!([[decision.nonce, signer]]) } else { json!([]) };
    let session = match artifact.head.session_id.as_deref() {
        _ if chance.one_in(10) => json!("s2"),
        session => json!(session),
    };
    let now = NOW + *chance.pick(&[0, 1, 10_000]);
    let skew = *chance.pick(&[60_000, 60_000, 60_000, 0]);
    let text = if source.chance.one_in(4) {
        source.string(&decision)
    } else {
        serde_json::to_string(&decision).unwrap()
    };
    json!({
        "op": "decision", "artifact": serde_json::to_string(&artifact).unwrap(), "decision": text,
        "trust": serde_json::to_string(&trust).unwrap(), "session": session, "now": now,
        "skewMillis": skew, "spentRequests": requests, "spentNonces": nonces,
    })
}

fn receipt(source: &mut Source) -> Value {
    let inner = source.draw(value());
    let payload = objects::payload(&mut source.chance, &inner);
    let receipt = objects::receipt(&mut source.chance, payload);
    let text = if source.chance.one_in(4) {
        source.string(&receipt)
    } else {
        serde_json::to_string(&receipt).unwrap()
    };
    let trust = serde_json::to_string(&objects::trust(&mut source.chance)).unwrap();
    json!({"op": "receipt", "receipt": text, "trust": trust, "now": NOW})
}

fn bundle(source: &mut Source) -> Value {
    let chance = &mut source.chance;
    let trust = objects::trust(chance);
    let text = bundles::bundle(chance, &trust);
    json!({
        "op": "bundle", "bytes": base64(&text), "trust": serde_json::to_string(&trust).unwrap(),
        "now": NOW + 60_000, "known": {"own": []},
    })
}

fn trust(source: &mut Source) -> Value {
    let trust = objects::trust(&mut source.chance);
    of_bytes("trust", &source.text(&trust))
}

fn time(source: &mut Source) -> Value {
    let text = source.draw(prop_oneof![
        "[0-9]{4}-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])T([01][0-9]|2[0-4]):[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|[+-][0-2][0-9]:[0-6][0-9])",
        "(0000|0001|0099|1900|2000|2100|9999)-(02-(28|29|30)|12-(30|31)|01-01)T(00|21|22|23):(00|59):(00|59|60)(Z|[+-](00:00|23:59|24:00))",
        "(1969|1970)-(12-31|01-01)T(00|23):(00|59):(00|59)\\.[09]{1,9}(Z|[+-]01:00)",
        "2026[-]?02[-]?21[Tt ]12:?00:?00[.,]?5?([Zz]|\\+01(:?00)?(\\[UTC\\])?)?",
    ]);
    json!({"op": "time", "text": text})
}

fn statement(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let statement = objects::statement(&mut source.chance, artifact);
    let enforcer = secret(if source.chance.one_in(8) { 5 } else { 1 });
    let enforcer = serde_json::to_string(enforcer.public()).unwrap();
    json!({"op": "statement", "text": source.string(&statement), "enforcer": enforcer})
}

fn answer(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let chance = &mut source.chance;
    let mut decision = objects::decision(chance, &artifact, 2);
    let reason = Reason { text: "because".into(), salt: Fixed(chance.bytes()) };
    let said = chance.one_in(2);
    if said {
        let hints = decision.policy_hints.get_or_insert_default();
        hints.insert("reasonHash".into(), json!(reason.hash()));
    }
    let reason = (said ^ chance.one_in(8)).then_some(reason);
    of_bytes("answer", &source.text(&Answer { decision, reason }))
}

fn checkpoint(source: &mut Source) -> Value {
    let checkpoint = objects::checkpoint(&mut source.chance);
    let key = secret(if source.chance.one_in(8) { 5 } else { 1 }).public().signing();
    json!({"op": "checkpoint", "checkpoint": source.string(&checkpoint), "publicKey": base64(&key)})
}

fn signature(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let chance = &mut source.chance;
    let mut decision = objects::decision(chance, &artifact, 2);
    let mut key = secret(2).public().signing();
    match chance.below(6) {
        0 => key[chance.below(32)] ^= 1 << chance.below(8),
        1 => decision.signature.0[chance.below(64)] ^= 1 << chance.below(8),
        2 => key = *chance.pick(&small_points()),
        3 => decision.signature.0[..32].copy_from_slice(&chance.pick(&small_points())[..]),
        _ => {}
    }
    if chance.one_in(8) {
        decision.signature.0 = [0; 64];
        decision.signature.0[0] = 1;
    }
    let mut input = of_bytes("signature", &canonical(&decision).unwrap());
    input["publicKey"] = json!(base64(&key));
    input
}

/// Points of small order, and encodings that are not canonical.
fn small_points() -> [[u8; 32]; 6] {
    let mut points = [[0; 32]; 6];
    points[1][0] = 1;
    points[2] = [0xff; 32];
    points[2][0] = 0xec;
    points[2][31] = 0x7f;
    points[3] = [0xff; 32];
    points[3][0] = 0xee;
    points[3][31] = 0x7f;
    points[4][31] = 0x80;
    points[5][0] = 1;
    points[5][31] = 0x80;
    points
}

fn token(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let chance = &mut source.chance;
    let terms = Terms {
        nonce: Fixed(chance.bytes()),
        expires_at: chance.next() % 3 + 1_000,
        approves: chance.one_in(2),
        scope: (*chance.pick(&["once", "once", "once", "session", ""])).into(),
    };
    let mut bytes = Token::sign(&artifact, terms.clone(), secret(2)).unwrap().to_bytes();
    if chance.one_in(4) {
        bytes = damaged(&bytes, chance);
    }
    let spent = if chance.one_in(8) { vec![terms.nonce] } else { vec![] };
    let key = secret(if chance.one_in(8) { 5 } else { 2 }).public().signing();
    json!({
        "op": "token", "token": base64(&bytes), "artifact": serde_json::to_string(&artifact).unwrap(),
        "publicKey": base64(&key), "now": 1_000, "spent": spent,
    })
}

/// The files of the reference programs, for the enforcer to judge.
fn reference(source: &mut Source) -> Value {
    let inner = source.draw(value());
    let chance = &mut source.chance;
    let keys = Keys::generate(&Zeroizing::new(chance.bytes()));
    let payload = objects::payload(chance, &inner);
    let artifact = objects::plain_artifact(chance, payload);
    let mut fill = |out: &mut [u8]| out.iter_mut().for_each(|b| *b = chance.bytes::<1>()[0]);
    let wire = Wire::seal(&artifact, &keys, Entropy(&mut fill)).unwrap();
    let word = *chance.pick(&[Word::Allow, Word::Approve, Word::Deny, Word::Reject]);
    let decision =
        decide(&artifact, word, Fixed(chance.bytes()), &keys, (Instant(NOW), 60_000)).unwrap();
    let mut keys = serde_json::to_value(keys.file()).unwrap();
    if chance.one_in(4) {
        keys.as_object_mut().unwrap().remove("maKxPrivRawB64Url");
    }
    if chance.one_in(8) {
        keys["maEd25519PrivRawB64Url"] = keys["maKxPubRawB64Url"].clone();
    }
    let signer = keys["signerKeyId"].as_str().unwrap().to_owned();
    let nonces = if chance.one_in(8) { json!([[decision.nonce, signer]]) } else { json!([]) };
    let now = NOW + *chance.pick(&[0, 0, 0, 900_000, -900_000]);
    let damage = chance.below(4);
    let mut text = |object: &Value, n: usize| {
        if n == damage { source.string(object) } else { object.to_string() }
    };
    json!({
        "op": "reference", "artifact": text(&json!(wire), 0), "decision": text(&json!(decision), 1),
        "keys": text(&keys, 2), "now": now, "spentRequests": [], "spentNonces": nonces,
    })
}

fn shown() -> Value {
    json!({"requestId": "r1", "artifactType": "t", "artifactHash": "00", "expiresAt": "e"})
}

fn made(source: &mut Source) -> (Sealed, Vec<u8>) {
    let plaintext = source.draw(prop::collection::vec(any::<u8>(), 0..200));
    let shown = Shown {
        request_id: "r1".into(),
        artifact_type: "t".into(),
        artifact_hash: "00".into(),
        expires_at: "e".into(),
    };
    let to = [*secret(2).public(), *secret(3).public()];
    let chance = &mut source.chance;
    let mut fill = |out: &mut [u8]| out.iter_mut().for_each(|b| *b = chance.bytes::<1>()[0]);
    (seal(&plaintext, &shown, &to, Entropy(&mut fill)).unwrap(), plaintext)
}

fn sealed(source: &mut Source) -> Value {
    let (mut sealed, _) = made(source);
    if source.chance.one_in(10) {
        sealed.recipients[0].epk = Fixed([0; 32]);
    }
    let mut shown = shown();
    if source.chance.one_in(10) {
        shown["requestId"] = json!("r2");
    }
    let device = secret(*source.chance.pick(&[2, 2, 2, 3, 5])).to_bytes().unwrap();
    json!({"op": "sealed", "sealed": source.string(&sealed), "shown": shown, "secret": base64(&device)})
}

fn sign(source: &mut Source) -> Value {
    let artifact = source.artifact();
    let chance = &mut source.chance;
    json!({
        "op": "sign", "artifact": serde_json::to_string(&artifact).unwrap(),
        "word": chance.pick(&["allow", "deny", "approve", "reject"]),
        "scope": chance.pick(&["once", "timebox", "session"]), "expiresAt": "2026-02-21T12:00:00.5+01:00",
        "nonce": base64(&chance.bytes::<24>()), "hints": {"decidedAt": "x", "n": 1.5},
        "secret": base64(&chance.bytes::<64>()),
    })
}

fn sealing(source: &mut Source) -> Value {
    let (_, plaintext) = made(source);
    let to = [2, 3].map(|n| json!(secret(n).public()));
    json!({
        "op": "seal", "plaintext": base64(&plaintext), "shown": shown(), "to": to,
        "random": base64(&source.chance.bytes::<256>()),
    })
}
