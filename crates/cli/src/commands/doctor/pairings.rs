//! Whether somebody can answer what this home asks, and by which way.

use super::book::Book;
use super::check::{Check, quoted};
use super::gateways::Gateway;
use super::left;
use crate::parties;
use countersign_core::artifact::Assurance;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::home::Pairing;
use std::net::SocketAddr;
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
        Ok(None) => return vec![left::nobody(root, None, &[], hooked, now)],
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
    checks.extend(book.ledger.as_ref().ok().map(|ledger| left::floor(ledger, trust, pairings)));
    checks.extend(left::lost(root, trust, pairings, now));
    let again = |pairing: &Pairing| left::again(root, trust, pairings, now, pairing);
    let alive = |pairing| alive(pairing, trust, gateways, now, again(pairing));
    checks.extend(pairings.iter().map(alive));
    checks
}

/// The gateways, whoever is paired through them.
pub(super) fn reachable(root: &Path, gateways: &[Gateway]) -> Vec<Check> {
    let one = |gateway: &Gateway| {
        let name = format!("gateway {}", gateway.relay);
        match (&gateway.away, &gateway.contradicted) {
            (None, None) => Check::ok(&name, "reachable"),
            (None, Some(why)) => Check::fail(
                &name,
                format!(
                    "{why}: nobody is asked, no approval is used, and what a policy allows goes on"
                ),
                format!("countersign --home {} audit verify", quoted(root)),
            ),
            (Some(why), _) => {
                let other = "start it again, or look at the network between";
                let own = own(root, &gateway.relay).unwrap_or_else(|| other.into());
                Check::fail(&name, why.clone(), own)
            }
        }
    };
    gateways.iter().map(one).collect()
}

/// The line that starts a gateway again that is this home's own: its part is here, and its address
/// is this machine's.
fn own(root: &Path, relay: &str) -> Option<String> {
    let address = relay.strip_prefix("http://")?.replacen("localhost:", "127.0.0.1:", 1);
    let address: SocketAddr = address.parse().ok()?;
    let here = address.ip().is_loopback() && parties::gateway_root(root).is_dir();
    here.then(|| format!("countersign --home {} gateway --listen {address}", quoted(root)))
}

fn approvers(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    hooked: bool,
    now: Instant,
) -> Check {
    let found: Vec<Assurance> = left::asked(trust, pairings, now).map(Approver::reach).collect();
    match found.iter().max() {
        None => left::nobody(root, Some(trust), pairings, hooked, now),
        Some(highest) if *highest < CRITICAL => {
            let found = format!(
                "{} can answer, but the highest assurance is `{}`: nobody may allow what is critical",
                found.len(),
                highest.name()
            );
            let fix = left::another_or_new(root, trust, pairings, now, CRITICAL);
            Check::warn("approvers", found, fix)
        }
        Some(highest) => {
            let found =
                format!("{} can answer, also what is critical ({})", found.len(), highest.name());
            Check::ok("approvers", found)
        }
    }
}

/// `again` is what mends it where it is not.
fn alive(
    pairing: &Pairing,
    trust: &TrustStore,
    gateways: &[Gateway],
    now: Instant,
    again: String,
) -> Check {
    let name = format!("pairing {}", pairing.name);
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
        Some(_) => Check::ok(&name, format!("{} via `{relay}`", approver.reach().name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;
    use countersign_core::keys::SecretKeys;
    use countersign_core::trust::Status;

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
            passkey: None,
            created_at: at.clone(),
            status,
            pair_id: "p".into(),
            past: Vec::new(),
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
        let relay = "http://g".into();
        Gateway { relay, away: None, ahead: None, stranger: None, contradicted: None }
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
        let revoked = || Status::Revoked { at: NOW.timestamp(), compromised_since: None };
        assert_eq!(can_answer(Assurance::Web, revoked(), true), State::Fail);
        assert_eq!(can_answer(Assurance::Web, revoked(), false), State::Warn);
    }

    #[test]
    fn a_pairing_is_alive_where_its_key_counts_and_its_gateway_knows_this_home() {
        let state = |status, gateway| {
            let (trust, pairing) = scene(Assurance::Web, status);
            alive(&pairing, &trust, &[gateway], NOW, String::new()).state
        };
        assert_eq!(state(Status::Active {}, gateway()), State::Ok);
        let stranger = Gateway { stranger: Some("no".into()), ..gateway() };
        assert_eq!(state(Status::Active {}, stranger), State::Fail);
        let away = Gateway { away: Some("no".into()), ..gateway() };
        assert_eq!(state(Status::Active {}, away), State::Skipped);
        let over = Status::Rotated { until: NOW.timestamp() };
        assert_eq!(state(over, gateway()), State::Fail);
    }

    #[test]
    fn after_the_last_approver_only_a_new_home_is_named_and_before_the_first_to_pair() {
        let root = Path::new("/h");
        let fix = |trust: &TrustStore, pairings: &[Pairing]| {
            let check = approvers(root, trust, pairings, true, NOW);
            assert_eq!(check.state, State::Fail, "{check:?}");
            check.fix.unwrap()
        };
        let new = fix(&TrustStore::default(), &[]);
        assert!(new.starts_with("countersign --home /h pair "), "{new}");
        let (trust, _) =
            scene(Assurance::Web, Status::Revoked { at: NOW.timestamp(), compromised_since: None });
        let over = fix(&trust, &[]);
        assert!(over.starts_with("begin a new home") && !over.contains("/h pair"), "{over}");
        // A weaker one that stays cannot allow another.
        let (weaker, pairing) = scene(Assurance::Local, Status::Active {});
        let mut both = trust;
        both.approvers[0].key_id = countersign_core::keys::KeyId("other".into());
        both.approvers.extend(weaker.approvers);
        let check = approvers(root, &both, &[pairing], true, NOW);
        assert!(check.fix.unwrap().starts_with("begin a new home"));
    }

    #[test]
    fn a_pairing_whose_file_is_gone_is_named_with_it() {
        let (trust, pairing) = scene(Assurance::Web, Status::Active {});
        assert!(left::lost(Path::new("/h"), &trust, &[pairing], NOW).is_empty());
        let checks = left::lost(Path::new("/h"), &trust, &[], NOW);
        assert_eq!((checks.len(), checks[0].state), (1, State::Fail));
        let fix = checks[0].fix.as_deref().unwrap();
        assert!(fix.starts_with("restore /h/pairings/ann.json from a backup, or begin"), "{fix}");
        let (revoked, _) =
            scene(Assurance::Web, Status::Revoked { at: NOW.timestamp(), compromised_since: None });
        assert!(left::lost(Path::new("/h"), &revoked, &[], NOW).is_empty());
    }

    #[test]
    fn a_gateway_of_this_home_that_is_away_is_mended_by_the_line_that_starts_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert_eq!(own(root, "http://127.0.0.1:8787"), None);
        std::fs::create_dir(root.join("gateway")).unwrap();
        let line = format!("countersign --home {} gateway --listen 127.0.0.1:8787", quoted(root));
        for relay in ["http://127.0.0.1:8787", "http://localhost:8787"] {
            assert_eq!(own(root, relay).as_deref(), Some(&*line));
        }
        for relay in ["https://127.0.0.1:8787", "http://10.0.0.1:8787", "http://relay.example"] {
            assert_eq!(own(root, relay), None, "{relay}");
        }
    }
}
