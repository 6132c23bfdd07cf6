//! Digests of what a run wrote.

use countersign_core::encoding::Hash;
use countersign_core::receipt::{Content, Event, OutputDigest};

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = vec![
        Case::but(|c| digested(c, false))?.allowed_by("digests-of-the-output", &["ann"])?,
        Case::but(|c| digested(c, true))?.allowed_by("digest-of-a-part-of-the-output", &["ann"])?,
    ];
    all.extend(said()?);
    all.extend(shape()?);
    Ok(all)
}

/// "hi" on standard output, whole or not, and nothing on standard error.
fn digested(content: &mut Content, cut: bool) {
    if let Some(outcome) = &mut content.entry.outcome {
        outcome.stdout = Some(OutputDigest { bytes: 3, sha256: Hash::of(b"hi\n"), cut });
        outcome.stderr = Some(OutputDigest { bytes: 0, sha256: Hash::of(b""), cut: false });
    }
}

fn said() -> Made<Vec<Vector>> {
    let malformed = |name, change: fn(&mut Content)| {
        let changed = Case::but(|content| {
            digested(content, false);
            change(content);
        });
        changed?.verdict(name, "Malformed")
    };
    Ok(vec![
        malformed("digest-of-one-output", |c| {
            c.entry.outcome.iter_mut().for_each(|outcome| outcome.stderr = None);
        })?,
        malformed("digests-of-what-did-not-start", |c| c.entry.event = Event::Failed)?,
        malformed("digests-of-an-unknown-end", |c| c.entry.event = Event::Uncertain)?,
    ])
}

fn shape() -> Made<Vec<Vector>> {
    let good = object::text(&Case::but(|c| digested(c, true))?.receipt()?)?;
    let replaced = |name, from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        if text == good {
            return Err(format!("`{from}` is not in a receipt").into());
        }
        Case::new()?.text(name, "Malformed", text)
    };
    Ok(vec![
        replaced("digest-without-its-length", "\"bytes\":3,", "")?,
        replaced("digest-length-as-text", "\"bytes\":3", "\"bytes\":\"3\"")?,
        replaced("digest-length-negative", "\"bytes\":3", "\"bytes\":-3")?,
        replaced("digest-length-beyond-whole-numbers", "\"bytes\":3", "\"bytes\":1e300")?,
        replaced("digest-cut-false-for-absent", "\"cut\":true", "\"cut\":false")?,
        replaced("digest-unknown-member", "\"cut\":true", "\"cut\":true,\"md5\":\"00\"")?,
        replaced(
            "digest-with-a-prefix",
            "\"stderr\":{\"bytes\":0,\"sha256\":\"",
            "\"stderr\":{\"bytes\":0,\"sha256\":\"sha256:",
        )?,
    ])
}
