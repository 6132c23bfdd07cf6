//! Texts that are no decision.

use serde_json::{Value, json};

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let good = object::text(&Case::new()?.decision()?)?;
    let mut vectors = Vec::new();
    let mut add = |name, text: String| {
        vectors.push(Case::new()?.text(name, "Schema", text)?);
        Made::Ok(())
    };
    for (name, member, value) in changes() {
        add(name, changed(&good, member, value)?)?;
    }
    for (name, member) in MISSING {
        add(name, changed(&good, member, Value::Null).map(|t| without_null(&t, member))?)?;
    }
    let signature = Case::new()?.decision()?.signature.to_string();
    let signature = signature.as_str();
    add("signature-padded", good.replace(signature, &format!("{signature}==")))?;
    add("signature-too-short", good.replace(signature, signature.get(4..).unwrap_or_default()))?;
    add("signature-with-stray-bits", good.replace(signature, &stray(signature)))?;
    add("signature-in-hex", good.replace(signature, &"ab".repeat(64)))?;
    add("member-twice", good.replacen('{', "{\"decision\":\"allow\",", 1))?;
    add("member-twice-other-word", good.replacen('{', "{\"decision\":\"deny\",", 1))?;
    add("byte-order-mark", format!("\u{feff}{good}"))?;
    add("trailing-data", format!("{good}{{}}"))?;
    add("truncated", good.get(..good.len() - 1).unwrap_or_default().to_owned())?;
    add("empty", String::new())?;
    add("null", "null".into())?;
    add("array-around", format!("[{good}]"))?;
    add("text-of-a-text", serde_json::to_string(&good)?)?;
    Ok(vectors)
}

const MISSING: [(&str, &str); 4] = [
    ("without-signature", "signature"),
    ("without-nonce", "nonce"),
    ("without-scope", "scope"),
    ("without-repo-ref", "repoRef"),
];

fn changes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("unknown-member", "always", json!(true)),
        ("unknown-word", "decision", json!("maybe")),
        ("word-in-capitals", "decision", json!("ALLOW")),
        ("word-as-truth", "decision", json!(true)),
        ("unknown-scope", "scope", json!("forever")),
        ("no-signature-algorithm", "sigAlg", json!("none")),
        ("signature-algorithm-in-small-letters", "sigAlg", json!("ed25519")),
        ("weak-hash-algorithm", "artifactHashAlg", json!("SHA-1")),
        ("hash-in-capitals", "artifactHash", json!("AB".repeat(32))),
        ("hash-with-prefix", "artifactHash", json!(format!("sha256:{}", "ab".repeat(32)))),
        ("hash-too-short", "artifactHash", json!("ab".repeat(31))),
        ("expiry-without-offset", "expiresAt", json!("2026-02-02T02:45:00")),
        ("expiry-as-number", "expiresAt", json!(1_770_000_200)),
        ("expiry-on-no-day", "expiresAt", json!("2026-02-30T00:00:00Z")),
        ("nonce-as-number", "nonce", json!(5)),
        ("hints-as-list", "policyHints", json!([])),
        ("hints-null", "policyHints", json!(null)),
        ("request-id-as-number", "requestId", json!(1)),
    ]
}

fn changed(good: &str, member: &str, value: Value) -> Made<String> {
    let mut decision = object::object(serde_json::from_str(good)?);
    decision.insert(member.to_owned(), value);
    object::text(&decision)
}

fn without_null(text: &str, member: &str) -> String {
    text.replace(&format!("\"{member}\":null,"), "")
}

/// The same bytes to a lax reader: the last digit has bits that stand for nothing.
fn stray(signature: &str) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = signature.split_at(signature.len() - 1);
    let next = digits.find(last).and_then(|at| digits.get(at + 1..at + 2)).unwrap_or("_");
    format!("{start}{next}")
}
