//! What a home asks about itself, in one line. No caller may ask under these names, and whatever the
//! line leaves out stands among the facts, whole.

use super::text::word;
use super::what::line;
use countersign_core::action::{Action, Request};
use countersign_core::display::counted;
use countersign_core::freeze::THAW;
use countersign_core::grant::Grant;
use serde_json::{Map, Value};

/// The line; `None` where it is a request like any other.
pub(super) fn headline(request: &Request, payload: &Map<String, Value>) -> Option<String> {
    let of = |name: &str| request.parameters.get(name).and_then(Value::as_str).map(word);
    match request.action.as_str() {
        countersign_core::grant::ACTION => grant(&Grant::of_payload(payload)?),
        "countersign.policy.accept" => {
            let place = of("workspace").or_else(|| of("place"))?;
            Some(format!("accept the policy of {place}, sha256 {}", of("sha256")?))
        }
        "countersign.pair" => Some(format!(
            "let {} approve here, with a new key {}",
            of("person")?,
            of("fingerprint")?
        )),
        "countersign.trust.set" => {
            Some(format!("change what {} may answer here", people(request)?))
        }
        "countersign.trust.import" => Some(format!("pin keys from a file: {}", people(request)?)),
        "countersign.key.rotate" => Some(format!("replace the key of {}", people(request)?)),
        THAW => Some(format!("let actions run again, which {} stopped", of("by")?)),
        _ => None,
    }
}

fn grant(grant: &Grant) -> Option<String> {
    let call = Action::from_payload(&Value::Object(grant.action.clone()))?;
    let times = grant
        .count
        .map_or_else(String::new, |count| format!(", {} at most", counted(count, "time")));
    Some(format!("allow until {}{times}, unasked: {}", grant.expires_at, line(&call)))
}

/// Whose records change: each of them, once.
fn people(request: &Request) -> Option<String> {
    let edits = request.parameters.get("approvers")?.as_array()?;
    let mut people = Vec::new();
    for edit in edits {
        let person = word(edit.get("after")?.get("person")?.as_str()?);
        if !people.contains(&person) {
            people.push(person);
        }
    }
    Some(people.join(", ")).filter(|all| !all.is_empty())
}
