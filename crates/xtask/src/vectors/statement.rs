//! Statements: an artifact with its enforcer's signature, as it is sealed to a device.

use countersign_core::artifact::{Artifact, Statement};
use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::{Domain, SecretKeys};
use countersign_core::redact::{Disclosure, commit};
use serde_json::{Value, json};

use super::forge::{flipped, malleated, sign_bytes};
use super::object::{self, object, operator_key};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(forged()?);
    vectors.extend(texts()?);
    Ok(File {
        path: "artifact/statements.json",
        kind: "statement",
        note: "What a device opens: an artifact and the signature of the enforcer that it is paired with.",
        vectors,
    })
}

fn statement(disclosures: Vec<Disclosure>) -> Made<Statement> {
    Ok(Statement::sign(object::artifact(&object::route()?)?, disclosures, &operator_key()?)?)
}

fn vector(name: &'static str, expect: &'static str, text: String) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("text", text)
        .with("enforcer", object::text(operator_key()?.public())?))
}

fn accepted(name: &'static str, statement: &Statement) -> Made<Vector> {
    let hash = statement.artifact.hash()?.to_string();
    Ok(vector(name, "accepted", object::text(statement)?)?.with("artifactHash", hash))
}

fn good() -> Made<Vec<Vector>> {
    let (_, disclosure) = commit(&[1; 32], "/env/TOKEN", json!("secret"))?;
    let mut foreign = statement(Vec::new())?;
    foreign.artifact = Artifact::build(foreign.artifact.head, object(json!({"kind": "plan"})))?;
    let foreign = Statement::sign(foreign.artifact, Vec::new(), &operator_key()?)?;
    Ok(vec![
        accepted("signed", &statement(Vec::new())?)?,
        accepted("with-a-disclosure", &statement(vec![disclosure])?)?,
        accepted("foreign-payload", &foreign)?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let bad = |name, change: &dyn Fn(&mut Statement) -> Made<()>| {
        let mut statement = statement(Vec::new())?;
        change(&mut statement)?;
        vector(name, "BadSignature", object::text(&statement)?)
    };
    let by = |key: Made<SecretKeys>, domain| -> Made<Fixed<64>> {
        Ok(key?.sign(domain, &statement(Vec::new())?.artifact)?)
    };
    let signed = |name, signature: Fixed<64>| {
        bad(name, &move |s: &mut Statement| {
            s.enforcer_signature = signature;
            Ok(())
        })
    };
    let good = statement(Vec::new())?;
    let untagged = sign_bytes(&operator_key()?, object::text(&good.artifact)?.as_bytes())?;
    Ok(vec![
        signed("attack-06-signed-by-a-stranger", by(object::strangers(), Domain::Artifact)?)?,
        signed("attack-35-signed-in-the-domain-of-tokens", by(operator_key(), Domain::Token)?)?,
        signed("attack-35-signed-in-the-domain-of-receipts", by(operator_key(), Domain::Receipt)?)?,
        signed("signed-in-no-domain", untagged)?,
        signed("first-bit-of-the-signature", flipped(good.enforcer_signature, 0))?,
        signed("last-bit-of-the-signature", flipped(good.enforcer_signature, 63))?,
        signed("signature-malleated", malleated(good.enforcer_signature))?,
        signed("signature-of-zeros", Fixed([0; 64]))?,
        bad("artifact-changed", &|s| {
            s.artifact.head.repo_ref.push('x');
            Ok(())
        })?,
        bad("payload-changed", &|s| {
            s.artifact.payload.insert("action".into(), json!("delete"));
            Ok(())
        })?,
        bad("claimed-hash-changed", &|s| {
            s.artifact.head.artifact_hash.0.0 = [0; 32];
            Ok(())
        })?,
    ])
}

fn texts() -> Made<Vec<Vector>> {
    let good = object::text(&statement(Vec::new())?)?;
    let changed = |name, member: &str, value: Value| {
        let mut statement = object(serde_json::from_str(&good)?);
        statement.insert(member.into(), value);
        vector(name, "Shape", object::text(&statement)?)
    };
    let artifact = |name, member: &str, value: Value| {
        let mut statement: Value = serde_json::from_str(&good)?;
        let artifact = statement.pointer_mut("/artifact").and_then(Value::as_object_mut);
        artifact.ok_or("no artifact")?.insert(member.into(), value);
        vector(name, "Shape", object::text(&statement)?)
    };
    let twice = good.replacen('{', "{\"enforcerSignature\":\"\",", 1);
    let truncated = good.get(..good.len() - 1).unwrap_or_default().to_owned();
    Ok(vec![
        vector("empty", "Syntax", String::new())?,
        vector("truncated", "Syntax", truncated)?,
        vector("member-twice", "DuplicateKey", twice)?,
        vector("number-that-rounds", "Number", good.replace("\"production\"", "1e400"))?,
        vector("bare-artifact", "Shape", object::text(&object::artifact(&object::route()?)?)?)?,
        changed("unknown-member", "trusted", json!(true))?,
        changed("no-disclosures-written-down", "disclosures", json!([]))?,
        changed("disclosures-null", "disclosures", Value::Null)?,
        changed("disclosure-too-short", "disclosures", json!([["/env/TOKEN", "secret"]]))?,
        changed("signature-too-short", "enforcerSignature", json!(base64(&[1; 63])))?,
        changed("artifact-null", "artifact", Value::Null)?,
        artifact("unknown-member-of-the-artifact", "extra", json!(1))?,
        artifact("session-of-the-artifact-null", "sessionId", Value::Null)?,
    ])
}
