//! Approvers whose record was changed since: a receipt is judged by the one of its time.

use countersign_core::artifact::Assurance;
use countersign_core::trust::{Approver, Past};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;

use super::super::object::NOW;
use super::{Case, Made, Vector, grant};

/// When the good receipt's approval was used, and the grant's was given, after `NOW`.
const USED: i64 = 5_000;

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let skew = DEFAULT_SKEW_MILLIS;
    let named = |after| changed(Case::new()?, USED + after, renamed);
    let strong = |after| changed(needing_a_device()?, USED + after, lowered);
    let raised = |after| {
        let mut case = needing_a_device()?;
        case.trust.approvers.iter_mut().for_each(lowered);
        changed(case, USED + after, |ann| ann.assurance = Assurance::Device)
    };
    let given = |at| changed(grant::good()?, at, renamed);
    Ok(vec![
        named(1)?.allowed_by("approved-before-a-new-name", &["ann"])?,
        named(0)?.allowed_by("approved-as-a-new-name-came", &["ann"])?,
        named(1 - skew)?.allowed_by("approved-within-the-skew-of-a-new-name", &["ann"])?,
        named(-skew)?.verdict("attack-09-approved-under-an-old-name", "OffRoster")?,
        strong(1)?.allowed_by("approved-before-a-lower-assurance", &["ann"])?,
        strong(-skew)?.verdict("attack-09-approved-after-a-lower-assurance", "OffRoster")?,
        raised(0)?.allowed_by("approved-as-a-higher-assurance-came", &["ann"])?,
        raised(skew + 1)?.verdict("attack-09-approved-before-a-higher-assurance", "OffRoster")?,
        given(grant::GIVEN + 1)?.allowed_by("granted-before-a-new-name", &[])?,
        given(grant::GIVEN - skew)?.verdict("attack-09-granted-under-an-old-name", "OffRoster")?,
    ])
}

fn needing_a_device() -> Made<Case> {
    Case::routed(|route| route.min_assurance = Assurance::Device)
}

/// Ann's record, changed at this many milliseconds after `NOW`.
fn changed(mut case: Case, at: i64, change: impl Fn(&mut Approver)) -> Made<Case> {
    for ann in case.trust.approvers.iter_mut().filter(|a| a.person == "ann") {
        let past = Past {
            until: NOW.plus_millis(at).timestamp(),
            person: ann.person.clone(),
            roles: ann.roles.clone(),
            assurance: ann.assurance,
            passkey: ann.passkey.clone(),
        };
        change(ann);
        ann.past.push(past);
    }
    Ok(case)
}

fn renamed(ann: &mut Approver) {
    ann.person = "anna".into();
}

fn lowered(approver: &mut Approver) {
    approver.assurance = Assurance::Local;
}
