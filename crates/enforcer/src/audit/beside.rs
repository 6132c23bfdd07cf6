//! What is kept beside the receipts says what they say: stops, holds, grants and what still waits.

use super::{Audit, Broken, requests};
use countersign_core::display::counted;
use countersign_core::json::clip;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::course::{Course, Stopped, Uses};
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Beside;
use countersign_store::ledger::{Frozen, GrantRecord};

impl Audit {
    /// Compares it; whether that could be done, or others wrote meanwhile.
    pub(super) async fn is_beside(&mut self) -> Result<bool, StoreError> {
        let beside = match self.source.beside().await {
            Ok(Some(beside)) => beside,
            Ok(None) => {
                let what = "what stands beside the receipts: an earlier version wrote it";
                self.not_checked(what.to_owned());
                return Ok(true);
            }
            Err(StoreError::Corrupt(why)) => {
                self.found(Broken::new(None, Verdict::Malformed, why));
                return Ok(true);
            }
            Err(other) => return Err(other),
        };
        if self.chain.newest().map_or(0, |(seq, _)| seq) != beside.newest {
            return Ok(false);
        }
        if let Some(because) = differs(&self.course, &beside) {
            self.found(Broken::new(None, Verdict::Contradicted, because));
        }
        Ok(true)
    }

    /// The store itself is as this product makes it, so that every question is answered by all rows.
    pub(super) async fn is_sound(&mut self) -> Result<(), StoreError> {
        let (verdict, because) = match self.source.unsound().await {
            Ok(None) => return Ok(()),
            Ok(Some(because)) => (Verdict::HashMismatch, because),
            Err(StoreError::Corrupt(why)) => (Verdict::Malformed, why),
            Err(other) => return Err(other),
        };
        self.found(Broken::new(None, verdict, because));
        Ok(())
    }
}

/// The first thing that is not what the receipts say, in words.
fn differs(course: &Course, beside: &Beside) -> Option<String> {
    let grants = || beside.grants.iter().find_map(|grant| of_grant(course, grant));
    // What was stopped, given or held by receipts that are gone, nobody can say.
    let whole = course.is_whole();
    let stops = || of_stop(course.stopped(), beside.frozen.as_ref(), whole);
    let holds = || of_holds(course, beside);
    let rows = stops().or_else(holds).or_else(grants).or_else(|| requests::differ(course, beside));
    let left = "what may still be used is not what the newest head counts";
    rows.or_else(|| beside.miscounted.then(|| left.to_owned()))
}

fn of_stop(said: Option<&Stopped>, kept: Option<&Frozen>, whole: bool) -> Option<String> {
    match (said, kept) {
        (Some(said), None) => Some(format!(
            "receipt {} stopped everything, no receipt lets go again, and the stop is gone",
            said.seq
        )),
        (Some(said), Some(kept))
            if (&said.by, &said.why, &said.since) != (&kept.by, &kept.why, &kept.since) =>
        {
            Some(format!("the stop is not the one of receipt {}", said.seq))
        }
        (None, Some(_)) if whole => {
            Some("everything is stopped, and no receipt says so".to_owned())
        }
        _ => None,
    }
}

fn of_holds(course: &Course, beside: &Beside) -> Option<String> {
    if let Some(gone) = course.held().difference(&beside.holds).next() {
        return Some(format!("the hold `{}` is gone, and no receipt releases it", clip(gone)));
    }
    let strange = course.is_whole() && beside.holds != *course.held();
    strange.then(|| "a hold stands that no receipt began".to_owned())
}

fn of_grant(course: &Course, kept: &GrantRecord) -> Option<String> {
    let said = course.uses(&kept.request_id, &kept.id);
    let id = clip(&kept.id);
    if let Some(strange) = strange(course, &said, kept) {
        return Some(format!("the grant `{id}` {strange}"));
    }
    match (said.revoked, kept.revoked_at) {
        (Some(seq), None) => {
            return Some(format!("receipt {seq} took back the grant `{id}`, which stands again"));
        }
        (None, Some(_)) if course.is_whole() => {
            return Some(format!("the grant `{id}` was taken back, and no receipt says so"));
        }
        _ => {}
    }
    let (used, own) = (said.used, u64::from(kept.used));
    let differs = if course.is_whole() { used != own } else { used > own };
    let words = || {
        format!(
            "the grant `{id}` counts {}, and receipts tell of {used}",
            counted(kept.used, "use")
        )
    };
    differs.then(words)
}

/// What of a grant is not what people signed, or was never given.
fn strange(course: &Course, said: &Uses, kept: &GrantRecord) -> Option<String> {
    let Some((seq, at)) = &said.given else {
        let never = course.is_whole().then(|| "stands, and no receipt gives it".to_owned());
        return never.or_else(|| Some(kept_with(kept.strange(said.signed.as_ref()?)?)));
    };
    if at.instant() != kept.granted_at {
        return Some(format!(
            "is kept with another time than that of receipt {seq}, which gives it"
        ));
    }
    said.signed.as_ref().and_then(|signed| kept.strange(signed)).map(kept_with)
}

fn kept_with(what: &str) -> String {
    format!("is kept with {what} than people signed")
}

#[cfg(test)]
mod tests;
