//! What the canonical form costs: writing and hashing an object, beside hashing its bytes alone.

use super::limit::repeat;
use super::row::{Better, Row};
use super::samples::median;
use super::{Effort, failed};
use crate::failure::Failure;
use countersign_core::encoding::Hash;
use countersign_core::json::{canonical, sha256};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) const ROWS: &[&str] =
    &["canonical-command-1k", "canonical-patch-1m", "canonical-object-1m"];

/// A mebibyte.
const LARGE: usize = 1 << 20;

/// A third of the speed of the hash alone is what a long diff must reach.
const PATCH_SHARE: f64 = 1.0 / 3.0;

pub(super) async fn measure(
    effort: Effort,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Row>, Failure> {
    let cases = [
        ("canonical-command-1k", command(), None),
        ("canonical-patch-1m", patch(), Some(PATCH_SHARE)),
        ("canonical-object-1m", object(), None),
    ];
    let mut rows = Vec::new();
    for (name, object, share) in cases.into_iter().filter(|(name, ..)| wants(name)) {
        rows.push(row(name, Arc::new(object), share, effort).await?);
    }
    Ok(rows)
}

async fn row(
    name: &'static str,
    object: Arc<Value>,
    share: Option<f64>,
    effort: Effort,
) -> Result<Row, Failure> {
    let bytes: Arc<[u8]> = canonical(&*object).map_err(failed)?.into();
    let megabytes = bytes.len() as f64 / 1e6;
    let (mut whole, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let object = Arc::clone(&object);
        whole.push(repeat(effort.slice / 4, move || sha256(&*object).is_ok()).await?);
        let bytes = Arc::clone(&bytes);
        raw.push(repeat(effort.slice / 4, move || Hash::of(&bytes).0 != [0; 32]).await?);
    }
    let limit = median(&raw) * megabytes;
    Ok(Row {
        name,
        value: median(&whole) * megabytes,
        unit: "MB/s",
        better: Better::Higher,
        limit,
        against: format!("SHA-256 alone over the same {} bytes", bytes.len()),
        budget: share.map(|share| limit * share),
    })
}

/// About 1 KiB, as a command with a usual environment has.
fn command() -> Value {
    let hash = Hash([9; 32]);
    json!({
        "kind": "command",
        "argv": ["cargo", "publish", "--package", "countersign-core", "--registry", "internal"],
        "cwd": "/home/ann/projects/countersign/crates/core",
        "env": {
            "HOME": "/home/ann", "LANG": "en_GB.UTF-8", "LC_TIME": "de_DE.UTF-8", "TERM": "xterm",
            "PATH": "/home/ann/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin",
            "SHELL": "/bin/bash", "TZ": "Europe/Berlin", "USER": "ann", "TOKEN": {"_sd": hash},
        },
        "program": {"path": "/home/ann/.cargo/bin/cargo", "sha256": hash},
        "files": [
            {"path": "/home/ann/projects/countersign/Cargo.toml", "sha256": hash},
            {"path": "/home/ann/projects/countersign/crates/core/Cargo.toml", "sha256": hash},
        ],
        "stdinSha256": hash,
    })
}

/// One long diff.
fn patch() -> Value {
    let line = "+    let answer = verify(decision.clone(), &check)?; // \"quoted\"\n";
    json!({"kind": "patch", "diff": line.repeat(LARGE / line.len()), "baseRevision": "9f86d081"})
}

/// Many short members.
fn object() -> Value {
    let member = |n: usize| (format!("member-{n:06}"), json!({"n": n, "name": format!("x{n}")}));
    Value::Object((0..LARGE / 42).map(member).collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_are_as_large_as_their_names_say() {
        let length = |object: &Value| canonical(object).unwrap().len();
        assert!((900..1_200).contains(&length(&command())), "{}", length(&command()));
        for large in [patch(), object()] {
            assert!(
                (LARGE * 9 / 10..LARGE * 11 / 10).contains(&length(&large)),
                "{}",
                length(&large)
            );
        }
    }
}
