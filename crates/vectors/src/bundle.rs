//! Bundles against pinned keys: the whole report, but for the words about what cannot be read.

use crate::input::{Damaged, Input};
use crate::suite::Answer;
use countersign_core::bundle::{self, Known};
use countersign_core::encoding::Hash;
use countersign_core::trust::TrustStore;
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let trust = TrustStore::parse(input.text("trust")?.as_bytes()).map_err(|e| Damaged::new(&e))?;
    let known = known(&Input(input.member("known")?))?;
    let report = bundle::check(&input.bytes()?, &trust, input.now()?, known).alike();
    Ok(Answer::named(&report.verdict, json!({"report": report})))
}

fn known(input: &Input<'_>) -> Result<Known, Damaged> {
    let hash = |value: &Value| -> Result<Hash, Damaged> {
        serde_json::from_value(value.clone()).map_err(|e| Damaged::new(&e))
    };
    let builtin = input.0.get("builtin").map(hash).transpose()?;
    let own = input.list("own")?.iter().map(hash).collect::<Result<_, _>>()?;
    Ok(Known { builtin, own })
}
