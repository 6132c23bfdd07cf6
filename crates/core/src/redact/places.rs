//! Values of an action replaced by commitments, and put back.

use super::{Commitment, Disclosure, commit};
use crate::json::JsonError;
use serde_json::Value;

/// Replaces what stands at `places` (JSON pointers) by commitments under the ledger's secret. A
/// place where nothing stands is passed over; equal calls become equal actions.
///
/// # Errors
/// Where a value has no canonical form.
pub fn hide(
    secret: &[u8; 32],
    payload: &Value,
    places: &[String],
) -> Result<(Value, Vec<Disclosure>), JsonError> {
    let (mut shown, mut disclosures) = (payload.clone(), Vec::new());
    for place in places {
        let Some(value) = shown.pointer_mut(place) else { continue };
        let (commitment, disclosure) = commit(secret, place, value.take())?;
        *value = crate::json::value_of(&commitment)?;
        disclosures.push(disclosure);
    }
    Ok((shown, disclosures))
}

/// Puts back what disclosures open. What they do not open stays a commitment.
#[must_use]
pub fn reveal(payload: &Value, disclosures: &[Disclosure]) -> Value {
    let mut clear = payload.clone();
    for disclosure in disclosures {
        let Some(value) = clear.pointer_mut(&disclosure.0) else { continue };
        let commitment = serde_json::from_value::<Commitment>(value.clone());
        if commitment.is_ok_and(|commitment| disclosure.opens(&commitment)) {
            value.clone_from(&disclosure.1);
        }
    }
    clear
}

/// Whether every object with the key `_sd` in a payload is a commitment that one of these opens.
/// Where it is not so, somebody else wrote it.
#[must_use]
pub fn is_ours(payload: &Value, disclosures: &[Disclosure]) -> bool {
    // What was hidden may itself hold anything but such a key: it was looked for before.
    !super::smuggles_commitment(&reveal(payload, disclosures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call() -> Value {
        json!({"kind": "tool", "arguments": {"card": "4111", "a/b": [1, 2], "note": "n"}})
    }

    fn hidden() -> (Value, Vec<Disclosure>) {
        let places = ["/arguments/card", "/arguments/a~1b/1", "/arguments/absent"];
        hide(&[1; 32], &call(), &places.map(str::to_owned)).unwrap()
    }

    #[test]
    fn attack_22_equal_calls_stay_equal_and_others_do_not() {
        let (shown, _) = hidden();
        assert_eq!(shown, hidden().0);
        let mut other = call();
        other["arguments"]["card"] = json!("4112");
        let places = ["/arguments/card".to_owned()];
        let other = hide(&[1; 32], &other, &places).unwrap().0;
        assert_ne!(other, hide(&[1; 32], &call(), &places).unwrap().0);
    }

    #[test]
    fn what_was_hidden_is_put_back() {
        let (shown, disclosures) = hidden();
        assert!(!shown.to_string().contains("4111"));
        assert_eq!(disclosures.len(), 2);
        assert_eq!(reveal(&shown, &disclosures), call());
        assert_eq!(reveal(&shown, &[]), shown);
    }

    #[test]
    fn attack_47_a_disclosure_of_another_value_or_place_puts_nothing_back() {
        let (shown, mut disclosures) = hidden();
        disclosures[0].1 = json!("harmless");
        disclosures[1].0 = "/arguments/note".into();
        assert_eq!(reveal(&shown, &disclosures), shown);
    }

    #[test]
    fn attack_47_a_commitment_that_nothing_opens_is_not_ours() {
        let (mut shown, disclosures) = hidden();
        assert!(is_ours(&shown, &disclosures));
        assert!(!is_ours(&shown, &disclosures[..1]));
        shown["arguments"]["note"] = json!({"_sd": "ab"});
        assert!(!is_ours(&shown, &disclosures));
        assert!(is_ours(&json!({"a": ["_sd"]}), &[]));
    }

    #[test]
    fn attack_40_the_same_secret_in_two_places_looks_like_two() {
        let payload = json!({"a": "1234", "b": "1234"});
        let (shown, _) = hide(&[1; 32], &payload, &["/a".to_owned(), "/b".to_owned()]).unwrap();
        assert_ne!(shown["a"], shown["b"]);
    }
}
