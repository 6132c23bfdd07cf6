//! Digests of what a run wrote.

use super::*;
use crate::receipt::OutputDigest;

fn digested(cut: bool) -> Case {
    let mut case = case();
    let outcome = case.content.entry.outcome.as_mut().unwrap();
    outcome.stdout = Some(OutputDigest { bytes: 3, sha256: Hash::of(b"hi\n"), cut });
    outcome.stderr = Some(OutputDigest { bytes: 0, sha256: Hash::of(b""), cut: false });
    case
}

#[test]
fn digests_are_read_as_they_are_written() {
    for cut in [false, true] {
        let case = digested(cut);
        let receipt = case.receipt();
        let bytes = receipt.canonical_bytes().unwrap();
        assert_eq!(Receipt::parse(&bytes).unwrap(), receipt);
        assert_eq!(String::from_utf8(bytes).unwrap().contains(r#""cut":true"#), cut);
        assert!(matches!(case.verdict(), Verdict::Valid { .. }));
    }
}

#[test]
fn attack_05_digests_in_another_shape_are_refused() {
    let case = digested(true);
    let text = String::from_utf8(case.receipt().canonical_bytes().unwrap()).unwrap();
    let hash = Hash::of(b"hi\n").to_string();
    for (from, to) in [
        (r#""bytes":3"#, r#""bytes":"3""#),
        (r#""bytes":3"#, r#""bytes":-3"#),
        (r#""bytes":3"#, r#""bytes":3.5"#),
        (r#""bytes":3"#, r#""bytes":1e300"#),
        (r#""bytes":3,"#, ""),
        (r#""cut":true"#, r#""cut":false"#),
        (r#""cut":true"#, r#""cut":"yes""#),
        (r#""cut":true"#, r#""cut":true,"md5":"00""#),
        (&hash, &hash.to_uppercase()),
        (&hash, &format!("sha256:{hash}")),
        (&hash, "0123"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert_ne!(bad, text, "{from}");
        assert_eq!(check(bad.as_bytes(), &case.trust, NOW), Verdict::Malformed, "{to}");
    }
}

#[test]
fn attack_05_digests_belong_to_what_ran_and_are_of_both_outputs() {
    let mut half = digested(false);
    half.content.entry.outcome.as_mut().unwrap().stderr = None;
    assert_eq!(half.verdict(), Verdict::Malformed);
    for event in [Event::Failed, Event::Uncertain] {
        let mut case = digested(false);
        case.content.entry.event = event;
        assert_eq!(case.verdict(), Verdict::Malformed, "{event:?}");
    }
}
