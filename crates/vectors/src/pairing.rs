//! An approver's device that joins, and the stop that it may send later.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::freeze::{NotHeeded, SignedStop};
use countersign_core::json;
use countersign_core::keys::{KeyId, PublicKeys};
use countersign_core::pairing::{Code, Joining, Link, Origin, PairError, Resolved};
use countersign_core::trust::TrustStore;
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let (joining, resolved) = (joining(input)?, resolved(input)?);
    let joined = match input.0.get("link") {
        Some(_) => by_link(input.text("link")?, joining, resolved, input.fixed("enforcerMac")?),
        None => by_code(input, joining, resolved)?,
    };
    Ok(told(joined))
}

fn by_link(
    link: &str,
    joining: Joining,
    resolved: Resolved,
    enforcer_mac: [u8; 32],
) -> Result<Value, PairError> {
    let (waiting, completion) = joining.by_link(&Link::parse(link)?, resolved)?;
    let paired = waiting.finish(&Fixed(enforcer_mac))?;
    Ok(json!({"mac": completion.mac, "pairId": paired.pair_id()}))
}

fn by_code(
    input: &Input<'_>,
    joining: Joining,
    resolved: Resolved,
) -> Result<Result<Value, PairError>, Damaged> {
    let (relay, code, r) = (input.text("relay")?, input.text("code")?, input.fixed("r")?);
    let same = input.0.get("same") != Some(&Value::Bool(false));
    let join = || {
        let (relay, code) = (Origin::parse(relay)?, Code::parse(code)?);
        let (waiting, _) = joining.by_code(&relay, &code, resolved)?;
        let compare = waiting.reveal(&Fixed(r))?;
        let digits = compare.digits().to_string();
        Ok(json!({"digits": digits, "pairId": compare.confirm(same)?.pair_id()}))
    };
    Ok(join())
}

fn joining(input: &Input<'_>) -> Result<Joining, Damaged> {
    let joining = Input(input.member("joining")?);
    Ok(Joining {
        approver_id: joining.text("approverId")?.to_owned(),
        keys: keys(&joining)?,
        r2: Fixed(joining.fixed("r2")?),
    })
}

fn resolved(input: &Input<'_>) -> Result<Resolved, Damaged> {
    let resolved = Input(input.member("resolved")?);
    let commitment = Hash::from_hex(resolved.text("commitment")?);
    Ok(Resolved {
        enforcer_id: resolved.text("enforcerId")?.to_owned(),
        keys: keys(&resolved)?,
        commitment: commitment.ok_or_else(|| Damaged::new(&"`commitment` is no hash"))?,
    })
}

fn keys(input: &Input<'_>) -> Result<PublicKeys, Damaged> {
    json::typed(input.member("keys")?.clone()).map_err(|e| Damaged::new(&e))
}

pub(crate) fn stop(input: &Input<'_>) -> Result<Answer, Damaged> {
    let trust = TrustStore::parse(input.text("trust")?.as_bytes());
    let (trust, now) = (trust.map_err(|e| Damaged::new(&e))?, input.now()?);
    let operator = KeyId(input.text("operator")?.to_owned());
    let heeded = SignedStop::parse(input.text("stop")?.as_bytes()).and_then(|stop| {
        let signer = stop.verify(&operator, &trust, now)?;
        Ok(json!({"person": signer.person}))
    });
    Ok(match heeded {
        Err(NotHeeded::Json(why)) => Answer::refused(&why),
        other => told(other),
    })
}
