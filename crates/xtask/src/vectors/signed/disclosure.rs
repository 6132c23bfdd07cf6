//! What opens a commitment to a redacted value, and what does not.

use countersign_core::encoding::Hash;
use countersign_core::redact::{Commitment, Disclosure, commit};
use serde_json::{Value, json};

use super::super::object;
use super::super::{File, Made, Vector};

pub(in super::super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(mismatched()?);
    vectors.extend(malformed()?);
    Ok(File {
        path: "disclosure/disclosures.json",
        kind: "disclosure",
        note: "Disclosures `[path, value, salt]`, and the commitment that each must open.",
        vectors,
    })
}

fn pair(path: &str, value: Value) -> Made<(Commitment, Disclosure)> {
    Ok(commit(&[1; 32], path, value)?)
}

fn vector(name: &'static str, expect: &'static str, opens: String, commitment: String) -> Vector {
    Vector::new(name, expect).with("disclosure", opens).with("commitment", commitment)
}

fn good() -> Made<Vec<Vector>> {
    let opens = |name, path, value| {
        let (commitment, disclosure) = pair(path, value)?;
        let (opens, commitment) = (object::text(&disclosure)?, object::text(&commitment)?);
        Made::Ok(vector(name, "accepted", opens, commitment))
    };
    Ok(vec![
        opens("text", "/env/TOKEN", json!("secret"))?,
        opens("number", "/arguments/amount", json!(1.5))?,
        opens("object", "/arguments", json!({"b": [null, "é"], "a": 1}))?,
        opens("null", "/arguments/x", Value::Null)?,
        opens("path-with-escapes", "/env/a~1b~0c", json!(""))?,
        opens("word-of-a-command", "/argv/3", json!("--key=hunter2"))?,
        opens("header", "/headers/x-key", json!("k"))?,
        opens("item-of-a-batch", "/items/0/arguments/card", json!("4111"))?,
        opens("element-of-a-list", "/parameters/rows/10", json!({"_sdx": [true]}))?,
    ])
}

fn mismatched() -> Made<Vec<Vector>> {
    let (commitment, disclosure) = pair("/env/PIN", json!("1234"))?;
    let commitment = object::text(&commitment)?;
    let other = |name, change: &dyn Fn(&mut Disclosure)| {
        let mut disclosure = disclosure.clone();
        change(&mut disclosure);
        let opens = object::text(&disclosure)?;
        Made::Ok(vector(name, "Mismatch", opens, commitment.clone()))
    };
    let (elsewhere, _) = commit(&[2; 32], "/env/PIN", json!("1234"))?;
    let foreign = object::text(&elsewhere)?;
    Ok(vec![
        other("attack-47-other-value", &|d| d.1 = json!("4321"))?,
        other("value-of-another-type", &|d| d.1 = json!(1234))?,
        other("value-with-a-space", &|d| d.1 = json!("1234 "))?,
        other("value-in-a-list", &|d| d.1 = json!(["1234"]))?,
        other("attack-47-other-place", &|d| d.0 = "/env/PUK".into())?,
        other("attack-47-place-in-a-batch", &|d| d.0 = "/items/0/env/PIN".into())?,
        other("place-without-slash", &|d| d.0 = "env/PIN".into())?,
        other("other-salt", &|d| d.2 = Hash([0; 32]))?,
        vector("commitment-under-another-secret", "Mismatch", object::text(&disclosure)?, foreign),
    ])
}

fn malformed() -> Made<Vec<Vector>> {
    let (commitment, disclosure) = pair("/env/PIN", json!("1234"))?;
    let (commitment, opens) = (object::text(&commitment)?, object::text(&disclosure)?);
    let read = |name, text: &str| vector(name, "Malformed", text.into(), commitment.clone());
    let committed = |name, text: String| vector(name, "Malformed", opens.clone(), text);
    let salt = disclosure.2.to_string();
    Ok(vec![
        read("empty", ""),
        read("object-for-a-list", "{}"),
        read("two-parts", &format!("[\"/env/PIN\",\"{salt}\"]")),
        read("four-parts", &opens.replacen(']', ",1]", 1)),
        read("place-as-number", &opens.replace("\"/env/PIN\"", "1")),
        read("salt-in-capitals", &opens.replace(&salt, &"AB".repeat(32))),
        read("salt-too-short", &opens.replace(&salt, &"ab".repeat(31))),
        committed("commitment-with-a-member-more", commitment.replacen('{', "{\"a\":1,", 1)),
        committed("commitment-of-another-name", commitment.replace("_sd", "sd")),
        committed("commitment-as-text", "\"ab\"".into()),
        committed("commitment-twice", commitment.replacen('{', "{\"_sd\":\"\",", 1)),
    ])
}
