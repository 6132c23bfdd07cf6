//! The judgement about the operator's key, the pinned keys and the ledger.

use super::book::{Book, Ledger};
use super::check::{Check, quoted};
use countersign_core::display::{counted, visible};
use std::path::Path;

const NEWEST: &str = "put the newest `trust.json` back; until then the ledger's word counts";

const RESTORE: &str = "restore the home from a backup, or begin a new one with --home DIR";

const MISCOUNTED: &str = "what may still be used is not what its newest head counts: of what was \
    approved nothing is used";

/// The checks of a home whose book was opened; one failure and nothing else where it could not be.
pub(super) fn judge(root: &Path, book: &Result<Option<Book>, String>) -> Vec<Check> {
    match book {
        Err(why) => {
            let unread = |name| Check::fail(name, why.clone(), repair(root, why));
            vec![unread("operator key"), unread("pinned keys"), unread("ledger")]
        }
        Ok(None) => {
            let none = "this home gates nothing yet";
            ["operator key", "pinned keys", "ledger"].map(|n| Check::skipped(n, none)).into()
        }
        Ok(Some(book)) => whole(root, book),
    }
}

/// A directory that is missing is made again; nothing else can be.
fn repair(root: &Path, why: &str) -> String {
    let room = super::files::ROOMS.iter().find(|room| !root.join(room).exists());
    match room.filter(|_| why.starts_with("the home is not whole")) {
        Some(room) => format!("mkdir -m 700 {}", quoted(&root.join(room))),
        None => RESTORE.to_owned(),
    }
}

fn whole(root: &Path, book: &Book) -> Vec<Check> {
    let fingerprint = book.identity.keys.public().fingerprint();
    let mut checks = vec![Check::ok("operator key", fingerprint.to_string())];
    checks.push(match &book.trust {
        Err(why) => Check::fail("pinned keys", why.clone(), RESTORE),
        Ok(trust) if trust.approvers.is_empty() && knows_better(book) => {
            let found = "`trust.json` names no approver, but this home pinned one before";
            Check::fail("pinned keys", found, RESTORE)
        }
        Ok(_) if let Some(found) = revived(book) => Check::fail("pinned keys", found, NEWEST),
        Ok(trust) => {
            Check::ok("pinned keys", format!("approvers pinned: {}", trust.approvers.len()))
        }
    });
    match &book.ledger {
        Err(why) => checks.push(Check::fail("ledger", why.clone(), mend(root, why))),
        Ok(ledger) => {
            checks.extend([records(root, ledger), unfinished(root, ledger)]);
            let fix = format!("countersign --home {} thaw", quoted(root));
            checks.extend(ledger.frozen.as_ref().map(|why| Check::warn("frozen", why, fix)));
        }
    }
    checks
}

/// What an older trust store that was put back would count.
fn revived(book: &Book) -> Option<String> {
    let first = book.ledger.as_ref().ok()?.revived.first()?;
    let (label, seq) = (visible(&first.label, false), first.seq);
    Some(format!("`trust.json` is older than the ledger: receipt {seq} says less of `{label}`"))
}

fn knows_better(book: &Book) -> bool {
    let paired = book.pairings.as_ref().is_ok_and(|pairings| !pairings.is_empty());
    paired || book.ledger.as_ref().is_ok_and(|ledger| ledger.pinned)
}

fn mend(root: &Path, why: &str) -> String {
    if why.ends_with("the ledger was moved here") {
        return format!("countersign --home {} status", quoted(root));
    }
    if why.contains("is open to others") {
        return format!("chmod go-rwx {}*", quoted(&root.join("ledger.db")));
    }
    if why.contains("of a later version") {
        return "use the `countersign` that wrote it, or a later one".to_owned();
    }
    if why.contains(" corrupt: ") { verify(root) } else { RESTORE.to_owned() }
}

/// What says what is wrong with a ledger that was changed, and what to do.
fn verify(root: &Path) -> String {
    format!("countersign --home {} audit verify", quoted(root))
}

fn records(root: &Path, ledger: &Ledger) -> Check {
    let wrong = ledger.heads.as_ref().err().cloned();
    let left = || ledger.miscounted.then(|| MISCOUNTED.to_owned());
    let last = || ledger.last.as_ref().map(|why| format!("receipt {}: {why}", ledger.receipts));
    match wrong.or_else(left).or_else(last) {
        Some(why) => Check::fail("ledger", why, verify(root)),
        None if ledger.receipts == 0 => Check::ok("ledger", "whole and empty"),
        None => {
            let receipts = counted(ledger.receipts, "receipt");
            Check::ok(
                "ledger",
                format!("{receipts}; it agrees with its remembered head, the last one verifies"),
            )
        }
    }
}

fn unfinished(root: &Path, ledger: &Ledger) -> Check {
    if let Some(change) = &ledger.cut_off {
        let found = format!(
            "`{change}` was allowed and cut off half done: until it is made nobody may allow another change"
        );
        let fix = format!("countersign --home {} status", quoted(root));
        return Check::fail("unfinished", found, fix);
    }
    if let Some(first) = ledger.uncertain.first() {
        let count = ledger.uncertain.len();
        let found = format!("{count} uncertain; nobody knows whether `{first}` ran");
        let fix = format!(
            "countersign --home {} receipt show last, and look at what it changed before you repeat it",
            quoted(root)
        );
        return Check::warn("unfinished", found, fix);
    }
    match ledger.open.first() {
        Some(first) => {
            let found =
                format!("{} claimed without an outcome, `{first}` first", ledger.open.len());
            let home = quoted(root);
            let fix = format!("countersign --home {home} status, once nothing runs any more");
            Check::warn("unfinished", found, fix)
        }
        None => Check::ok("unfinished", "nothing is uncertain, nothing was left half done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;
    use countersign_enforcer::remembered::Remembered;

    fn ledger() -> Ledger {
        Ledger {
            store: None,
            receipts: 3,
            newest: None,
            heads: Ok(()),
            miscounted: false,
            last: None,
            open: Vec::new(),
            cut_off: None,
            uncertain: Vec::new(),
            pinned: true,
            revived: Vec::new(),
            remembered: Remembered::default(),
            accepted: Vec::new(),
            frozen: None,
        }
    }

    #[test]
    fn a_ledger_that_contradicts_its_head_or_does_not_verify_fails() {
        let records = |ledger: &Ledger| records(Path::new("/h"), ledger);
        assert_eq!(records(&ledger()).state, State::Ok);
        assert_eq!(records(&Ledger { heads: Err("cut".into()), ..ledger() }).state, State::Fail);
        assert_eq!(records(&Ledger { miscounted: true, ..ledger() }).state, State::Fail);
        assert_eq!(records(&Ledger { last: Some("no".into()), ..ledger() }).state, State::Fail);
    }

    #[test]
    fn what_is_unfinished_warns() {
        assert_eq!(unfinished(Path::new("/h"), &ledger()).state, State::Ok);
        assert_eq!(
            unfinished(Path::new("/h"), &Ledger { open: vec!["r".into()], ..ledger() }).state,
            State::Warn
        );
        let half = Some("countersign.trust.set".to_owned());
        let cut_off = Ledger { cut_off: half, open: vec!["r".into()], ..ledger() };
        assert_eq!(unfinished(Path::new("/h"), &cut_off).state, State::Fail);
        let uncertain = Ledger { uncertain: vec!["r".into()], ..ledger() };
        assert_eq!(unfinished(Path::new("/h"), &uncertain).state, State::Warn);
    }

    #[test]
    fn a_book_that_cannot_be_opened_fails_in_every_part_and_an_absent_one_is_skipped() {
        let broken = judge(Path::new("/h"), &Err("no".into()));
        assert!(broken.iter().all(|check| check.state == State::Fail) && broken.len() == 3);
        let none = judge(Path::new("/h"), &Ok(None));
        assert!(none.iter().all(|check| check.state == State::Skipped));
    }
}
