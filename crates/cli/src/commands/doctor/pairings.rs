//! Whether somebody can answer what this home asks, and by which way.

use super::book::Book;
use super::check::{Check, quoted};
use super::gateways::Gateway;
use countersign_core::artifact::Assurance;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_enforcer::home::Pairing;
use std::path::Path;

/// The least assurance that may allow what is critical.
const CRITICAL: Assurance = Assurance::Web;

/// The judgement. `hooked` says whether a host's hook stands before this home: then a home that
/// nobody answers for stops everything.
pub(super) fn judge(
    root: &Path,
    book: &Result<Option<Book>, String>,
    gateways: &[Gateway],
    hooked: bool,
    now: Instant,
) -> Vec<Check> {
    let book = match book {
        Err(why) => return vec![Check::fail("approvers", why.clone(), "mend the home first")],
        Ok(None) => return vec![nobody(root, hooked)],
        Ok(Some(book)) => book,
    };
    let (trust, pairings) = match (&book.trust, &book.pairings) {
        (Ok(trust), Ok(pairings)) => (trust, pairings),
        (Err(why), _) | (_, Err(why)) => {
            let fix = "restore the file from a backup";
            return vec![Check::fail("approvers", why.clone(), fix)];
        }
    };
    let mut checks = vec![approvers(root, trust, pairings, hooked, now)];
    checks.extend(pairings.iter().map(|pairing| alive(root, pairing, trust, gateways, now)));
    checks
}

/// The gateways, whoever is paired through them.
pub(super) fn reachable(gateways: &[Gateway]) -> Vec<Check> {
    let one = |gateway: &Gateway| {
        let name = format!("gateway {}", gateway.relay);
        match &gateway.away {
            None => Check::ok(&name, "reachable"),
            Some(why) => {
                Check::fail(&name, why.clone(), "start it again, or look at the network between")
            }
        }
    };
    gateways.iter().map(one).collect()
}

fn pair(root: &Path, assurance: &str) -> String {
    let root = quoted(root);
    format!("countersign --home {root} pair --name NAME --relay URL --assurance {assurance}")
}

fn nobody(root: &Path, hooked: bool) -> Check {
    let found = "no approver: nobody can answer";
    if hooked {
        let found = format!("{found}, and a hook stands before this home");
        return Check::fail("approvers", found, pair(root, "web"));
    }
    Check::warn("approvers", found, pair(root, "web"))
}

fn approvers(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    hooked: bool,
    now: Instant,
) -> Check {
    let counts = |pairing: &Pairing| {
        let approver = trust.approver(&pairing.key_id).filter(|one| one.status.counts(now));
        approver.map(|one| one.assurance)
    };
    let found: Vec<Assurance> = pairings.iter().filter_map(counts).collect();
    match found.iter().max() {
        None => nobody(root, hooked),
        Some(highest) if *highest < CRITICAL => {
            let found = format!(
                "{} can answer, but the highest assurance is `{}`: nobody may allow what is critical",
                found.len(),
                highest.name()
            );
            Check::warn("approvers", found, pair(root, CRITICAL.name()))
        }
        Some(highest) => {
            let found =
                format!("{} can answer, also what is critical ({})", found.len(), highest.name());
            Check::ok("approvers", found)
        }
    }
}

fn alive(
    root: &Path,
    pairing: &Pairing,
    trust: &TrustStore,
    gateways: &[Gateway],
    now: Instant,
) -> Check {
    let name = format!("pairing {}", pairing.name);
    let again = format!(
        "countersign --home {} revoke {}, then {}",
        quoted(root),
        pairing.name,
        pair(root, "web")
    );
    let approver = trust.approver(&pairing.key_id);
    let Some(approver) = approver.filter(|one| one.status.counts(now)) else {
        let why = approver.map_or("its key is not pinned", |_| "its key counts no more");
        return Check::fail(&name, why, again);
    };
    let Some(relay) = &pairing.relay else {
        return Check::ok(&name, "at this machine's terminal");
    };
    let gateway = gateways.iter().find(|gateway| gateway.relay == *relay);
    match gateway {
        None => Check::skipped(&name, format!("`{relay}` was not asked")),
        Some(gateway) if gateway.away.is_some() => {
            Check::skipped(&name, format!("`{relay}` cannot be reached"))
        }
        Some(Gateway { stranger: Some(why), .. }) => {
            Check::fail(&name, format!("`{relay}` does not know this home: {why}"), again)
        }
        Some(_) => Check::ok(&name, format!("{} via `{relay}`", approver.assurance.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;
    use countersign_core::keys::SecretKeys;
    use countersign_core::trust::{Approver, Status};

    const NOW: Instant = Instant(1_800_000_000_000);

    fn scene(assurance: Assurance, status: Status) -> (TrustStore, Pairing) {
        let keys = SecretKeys::from_bytes(&[3; 64]).unwrap();
        let at = NOW.timestamp();
        let approver = Approver {
            key_id: keys.key_id(),
            keys: *keys.public(),
            device_id: "dev".into(),
            person: "ann".into(),
            label: "ann".into(),
            roles: Vec::new(),
            assurance,
            created_at: at.clone(),
            status,
            pair_id: "p".into(),
        };
        let pairing = Pairing {
            name: "ann".into(),
            pair_id: "p".into(),
            relay: Some("http://g".into()),
            approver_id: "dev".into(),
            key_id: keys.key_id(),
            paired_at: at,
            witnessed: false,
        };
        (TrustStore { approvers: vec![approver], ..TrustStore::default() }, pairing)
    }

    fn gateway() -> Gateway {
        Gateway { relay: "http://g".into(), away: None, ahead: None, stranger: None }
    }

    fn can_answer(assurance: Assurance, status: Status, hooked: bool) -> State {
        let (trust, pairing) = scene(assurance, status);
        approvers(Path::new("/h"), &trust, &[pairing], hooked, NOW).state
    }

    #[test]
    fn who_may_answer_what_is_critical_is_told_from_who_may_not() {
        assert_eq!(can_answer(Assurance::Web, Status::Active {}, true), State::Ok);
        assert_eq!(can_answer(Assurance::Device, Status::Active {}, true), State::Ok);
        assert_eq!(can_answer(Assurance::Local, Status::Active {}, true), State::Warn);
        let revoked = || Status::Revoked { at: NOW.timestamp() };
        assert_eq!(can_answer(Assurance::Web, revoked(), true), State::Fail);
        assert_eq!(can_answer(Assurance::Web, revoked(), false), State::Warn);
    }

    #[test]
    fn a_pairing_is_alive_where_its_key_counts_and_its_gateway_knows_this_home() {
        let state = |status, gateway| {
            let (trust, pairing) = scene(Assurance::Web, status);
            alive(Path::new("/h"), &pairing, &trust, &[gateway], NOW).state
        };
        assert_eq!(state(Status::Active {}, gateway()), State::Ok);
        let stranger = Gateway { stranger: Some("no".into()), ..gateway() };
        assert_eq!(state(Status::Active {}, stranger), State::Fail);
        let away = Gateway { away: Some("no".into()), ..gateway() };
        assert_eq!(state(Status::Active {}, away), State::Skipped);
        let over = Status::Rotated { until: NOW.timestamp() };
        assert_eq!(state(over, gateway()), State::Fail);
    }
}
