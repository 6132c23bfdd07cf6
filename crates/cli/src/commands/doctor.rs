//! `doctor`: looks at everything that the gate hangs on, and says what mends it.
//!
//! It makes nothing: no home, no key, no lock. What cannot be looked at is a failure that says why,
//! and the other checks go on. Facts are gathered first, each within a time; pure functions judge.

mod approver;
mod book;
mod bounded;
pub(crate) mod check;
mod clock;
mod disk;
mod files;
mod gateways;
mod hooks;
mod left;
mod operator;
mod page;
mod pairings;
mod policy;
mod protection;
mod receipts;

use super::Here;
use crate::asking::workspace;
use crate::failure::{Exit, Outcome};
use crate::hosts::{MANAGED, switches};
use book::Book;
use bounded::{FILES, bounded};
use check::{Check, all_well};
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use gateways::Known;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Check everything that the gate hangs on, and say what mends it.
#[derive(clap::Args)]
#[command(
    after_help = "Looks at the home, its keys and ledger, the clock, gateways and approvers, the \
    policy, the hooks\nof Claude Code and Codex, what the agent's user may reach, and the disk. It \
    changes nothing.\nA member of Claude Code's settings that is not known here and that it rejects \
    switches\nall hooks of that file off: `claude doctor` shows it, or a try with `rm -rf /tmp/x`.\nExit 1 where a check failed; warnings do not fail.\n\nExamples:\n  \
    countersign doctor\n  countersign doctor --json"
)]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let checks = checks(&here.root).await;
        let ok = all_well(&checks);
        let document = serde_json::json!({"checks": checks, "ok": ok});
        here.output.result(&page::page(*here.output, &checks), &document)?;
        Ok(if ok { Exit::Ok } else { Exit::Failed })
    }
}

async fn checks(root: &Path) -> Vec<Check> {
    let places = places(root);
    let mut checks = vec![home(root).await];
    let book = opened(root).await;
    // After the ledger was read: what others write meanwhile is no later than this.
    let now = Edge::system().now();
    let hooks = hooks::look(&places).await;
    let gateways = gateways::ask(relays(root, &book).await, known(&book)).await;
    checks.extend(operator::judge(root, &book));
    checks.extend(receipts::check(root, &book).await);
    checks.extend(approver(root).await);
    let ahead: Vec<(String, i64)> =
        gateways.iter().filter_map(|one| Some((one.relay.clone(), one.ahead?))).collect();
    checks.push(clock::judge(now, newest(&book), &ahead));
    checks.extend(pairings::reachable(root, &gateways));
    checks.extend(pairings::judge(root, &book, &gateways, hooks.before(root), now));
    checks.extend(policy(root, &places.workspace, &book, now).await);
    checks.extend(hooks.judge(root));
    let program = bounded(FILES, protection::program).await.and_then(|found| found);
    checks.extend(protection::judge(&program, !matches!(book, Ok(None))));
    checks.push(disk(root).await);
    checks
}

async fn home(root: &Path) -> Check {
    let at = root.to_owned();
    match bounded(FILES, move || files::facts(&at)).await {
        Ok(facts) => files::judge(&facts),
        Err(why) => Check::fail("home", why, "look at what lies in it"),
    }
}

async fn opened(root: &Path) -> Result<Option<Book>, String> {
    let at = root.to_owned();
    bounded(FILES, move || book::open(&at)).await.and_then(|book| book)
}

/// What gateways may know of this home.
fn known(book: &Result<Option<Book>, String>) -> Option<Known> {
    let book = book.as_ref().ok()?.as_ref()?;
    let ledger = book.ledger.as_ref().ok().and_then(|ledger| ledger.store.clone());
    Some(Known { identity: Arc::clone(&book.identity), ledger })
}

fn newest(book: &Result<Option<Book>, String>) -> Option<Instant> {
    book.as_ref().ok()?.as_ref()?.ledger.as_ref().ok()?.newest
}

/// The gateways of either side.
async fn relays(root: &Path, book: &Result<Option<Book>, String>) -> BTreeSet<String> {
    let mut relays = BTreeSet::new();
    if let Ok(Some(Book { pairings: Ok(pairings), .. })) = book {
        relays.extend(pairings.iter().filter_map(|pairing| pairing.relay.clone()));
    }
    let at = root.to_owned();
    relays.extend(bounded(FILES, move || approver::relays(&at)).await.unwrap_or_default());
    relays
}

async fn approver(root: &Path) -> Vec<Check> {
    let at = root.to_owned();
    let named = std::env::var_os("COUNTERSIGN_PASSPHRASE_FILE").filter(|v| !v.is_empty());
    let named = named.map(PathBuf::from);
    match bounded(FILES, move || approver::facts(&at, named)).await {
        Ok(facts) => approver::judge(root, &facts),
        Err(why) => vec![Check::fail("approver keys", why, "look at what lies in the home")],
    }
}

async fn policy(
    root: &Path,
    workspace: &Path,
    book: &Result<Option<Book>, String>,
    now: Instant,
) -> Vec<Check> {
    let accepted = match book {
        Err(why) => Err(why.clone()),
        Ok(None) => Ok(Vec::new()),
        Ok(Some(book)) => match (&book.ledger, &book.trust) {
            (Ok(ledger), Ok(_)) => Ok(ledger.accepted.clone()),
            (Err(why), _) | (_, Err(why)) => Err(why.clone()),
        },
    };
    let (at, place) = (root.to_owned(), workspace.display().to_string());
    let judged = bounded(FILES, move || {
        let accepted = accepted.as_deref().map_err(String::as_str);
        policy::judge(&at, &place, accepted, now)
    });
    judged.await.unwrap_or_else(|why| vec![Check::fail("policy", why, "countersign policy status")])
}

async fn disk(root: &Path) -> Check {
    let at = root.to_owned();
    match bounded(FILES, move || disk::facts(&at)).await {
        Ok(facts) => disk::judge(root, &facts),
        Err(why) => Check::fail("disk", why, "look at the disk"),
    }
}

/// What the environment says of where to look.
fn places(root: &Path) -> hooks::Places {
    let dir = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    hooks::Places {
        root: root.to_owned(),
        workspace: workspace(&cwd).to_owned(),
        cwd,
        user: dir("HOME"),
        claude: dir("CLAUDE_CONFIG_DIR"),
        codex: dir("CODEX_HOME"),
        path: std::env::var_os("PATH"),
        switches: switches().into_iter().map(str::to_owned).collect(),
        managed: MANAGED.into(),
    }
}
