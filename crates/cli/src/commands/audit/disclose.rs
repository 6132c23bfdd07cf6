//! `audit disclose`: what a policy hid of a call, for who has the home.

use crate::commands::Here;
use crate::commands::receipt::{find, parsed};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::redact::{Commitment, Disclosure, commitments};
use serde_json::{Value, json};

/// Show what a policy hid of a call: each value is checked against its commitment in the receipt.
///
/// The values never leave this home otherwise but sealed to the approvers who were asked.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit disclose last\n  \
    countersign audit disclose 412 --json")]
pub(crate) struct Disclose {
    /// A file, a number, or `last`
    #[arg(value_name = "FILE|N|last")]
    which: String,
}

impl Disclose {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let receipt = parsed(&find(here, &self.which).await?)?;
        let entry = &receipt.content.entry;
        let action = Value::Object(entry.action.clone().unwrap_or_default());
        let hidden = commitments(&action);
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let kept = entry.action_hash.map(|hash| enforcer.kept(hash)).transpose()?.flatten();
        let values = kept.as_ref().map(|kept| kept.values()).unwrap_or_default();
        let mut lines = Vec::new();
        let mut members = Vec::new();
        for (place, commitment) in &hidden {
            let value = opened(values, place, commitment)?;
            let place_told = visible(place, false);
            let told = value.map_or_else(
                || "not kept here: erased, or a secret that is kept nowhere".to_owned(),
                |value| visible(&value.to_string(), false).to_string(),
            );
            lines.push(format!("{place_told}  {told}"));
            let mut member = json!({"place": place, "commitment": commitment.sd});
            if let (Some(value), Some(member)) = (value, member.as_object_mut()) {
                member.insert("value".into(), value.clone());
            }
            members.push(member);
        }
        if lines.is_empty() {
            lines.push("nothing is hidden in it".into());
        }
        let document = json!({
            "receipt": receipt.content.seq,
            "actionHash": entry.action_hash,
            "hidden": members,
        });
        here.output.result(&lines.join("\n"), &document)?;
        Ok(Exit::Ok)
    }
}

/// The value at a place. One that is kept for it and is not the one that was committed to is no
/// value of this receipt.
fn opened<'a>(
    values: &'a [Disclosure],
    place: &str,
    commitment: &Commitment,
) -> Result<Option<&'a Value>, Failure> {
    let Some(found) = values.iter().find(|value| value.0 == *place) else { return Ok(None) };
    if found.opens(commitment) {
        return Ok(Some(&found.1));
    }
    let place = visible(place, false);
    let message = format!("the value kept for `{place}` is not the one that is committed to");
    Err(Failure::new(Exit::Verification, "HARP_ERR_HASH_MISMATCH", message)
        .hint("somebody changed what this home keeps; the receipt stands as it is"))
}
