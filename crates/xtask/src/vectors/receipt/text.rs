//! Texts that are no receipt, or one of a version that nobody here knows.

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let good = object::text(&Case::new()?.receipt()?)?;
    let read = |name, expect, text: String| Case::new()?.text(name, expect, text);
    let replaced = |name, from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        if text == good {
            return Err(format!("`{from}` is not in a receipt").into());
        }
        read(name, "Malformed", text)
    };
    let version = |name, other: &str| {
        read(name, "Unsupported", good.replace("countersign.receipt/v1", other))
    };
    Ok(vec![
        version("later-version", "countersign.receipt/v2")?,
        version("version-with-a-point", "countersign.receipt/v1.1")?,
        read("other-type", "Malformed", good.replace("countersign.receipt/v1", "receipt/v1"))?,
        read("empty", "Malformed", String::new())?,
        read("null", "Malformed", "null".into())?,
        read("no-members", "Malformed", "{}".into())?,
        read("truncated", "Malformed", good.get(..good.len() - 1).unwrap_or_default().into())?,
        read("trailing-data", "Malformed", format!("{good} 1"))?,
        read("byte-order-mark", "Malformed", format!("\u{feff}{good}"))?,
        replaced("unknown-member", "{\"content\"", "{\"x\":1,\"content\"")?,
        replaced("unknown-member-of-the-content", "\"event\"", "\"extra\":1,\"event\"")?,
        replaced("member-twice", "\"seq\":1", "\"seq\":1,\"seq\":1")?,
        replaced("null-for-what-is-absent", "\"event\"", "\"binding\":null,\"event\"")?,
        replaced(
            "empty-list-for-what-is-absent",
            "\"decisions\":[",
            "\"policy\":[],\"decisions\":[",
        )?,
        replaced("unknown-event", "\"executed\"", "\"celebrated\"")?,
        replaced("unknown-level", "\"L1\"", "\"L9\"")?,
        replaced("unknown-boundary", "\"unprotected\"", "\"guarded\"")?,
        replaced("sequence-as-text", "\"seq\":1", "\"seq\":\"1\"")?,
        replaced("sequence-negative", "\"seq\":1", "\"seq\":-1")?,
        replaced("sequence-with-a-fraction", "\"seq\":1", "\"seq\":1.5")?,
        replaced("hash-in-capitals", "\"contentHash\":\"", "\"contentHash\":\"A")?,
        replaced("unknown-algorithm", "\"algorithm\":\"Ed25519\"", "\"algorithm\":\"RSA\"")?,
    ])
}
