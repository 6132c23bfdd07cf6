//! Whether the policies of this place load, and whether the ones that count are the accepted ones.

use super::check::{Check, quoted};
use crate::parties;
use countersign_core::encoding::Hash;
use countersign_core::time::Instant;
use countersign_enforcer::policy::{Acceptance, Found, Place, Watched, found, missing, watched};
use countersign_policy::load::load_with_places;
use countersign_policy::model::Mode;
use countersign_policy::{Engine, Layer, LayerName, STARTER, builtin};
use std::path::Path;

const NAME: &str = "policy";

/// The judgement about the texts around a workspace; `accepted` is what the ledger says, and `Err`
/// where it cannot say.
pub(super) fn judge(
    root: &Path,
    workspace: &str,
    accepted: Result<&[Acceptance], &str>,
    now: Instant,
) -> Vec<Check> {
    let found = match found(root, &parties::sources(), workspace) {
        Ok(found) => found,
        Err(why) => return vec![Check::fail(NAME, why.to_string(), status(root))],
    };
    let accepted = match accepted {
        Ok(accepted) => accepted,
        Err(why) => {
            let found = format!("what was accepted stands in the ledger: {why}");
            return vec![Check::fail(NAME, found, "mend the ledger first")];
        }
    };
    let engine = match engine(root, &found, accepted) {
        Ok(engine) => engine,
        Err(check) => return vec![check],
    };
    if let Some(place) = missing(&found, accepted, workspace).first() {
        return vec![changed(root, place, &found)];
    }
    let watched = watched(engine.mode(), &found, accepted, now);
    vec![standing(root, &found, accepted), mode(root, engine.mode(), watched)]
}

fn engine(root: &Path, found: &[Found], accepted: &[Acceptance]) -> Result<Engine, Check> {
    let mut layers = Vec::new();
    for one in found {
        let (policy, _) = load_with_places(&one.text, one.dialect()).map_err(|mistakes| {
            let first = mistakes.0.first().map_or_else(String::new, |mistake| {
                format!(": line {}: {}", mistake.line, mistake.message)
            });
            let found = format!("`{}` does not load{first}", one.path.display());
            Check::fail(
                NAME,
                found,
                command(root, &Place::Home, &format!("check {}", quoted(&one.path))),
            )
        })?;
        let accepted = one.is_accepted(accepted);
        layers.push(Layer { name: one.place.layer(), policy, sha256: one.sha256, accepted });
    }
    if !layers.iter().any(|layer| layer.name == LayerName::Home && layer.accepted) {
        let sha256 = Hash::of(STARTER.as_bytes());
        let policy = builtin();
        layers.push(Layer { name: LayerName::Builtin, policy, sha256, accepted: true });
    }
    Engine::new(layers).map_err(|e| Check::fail(NAME, e.to_string(), status(root)))
}

fn status(root: &Path) -> String {
    command(root, &Place::Home, "status")
}

/// The line that accepts, or begins, the policy of a place.
fn command(root: &Path, place: &Place, verb: &str) -> String {
    let home = format!("countersign --home {} policy {verb}", quoted(root));
    match place {
        Place::Workspace(dir) => {
            format!("cd {} && {home} --at workspace", quoted(Path::new(dir)))
        }
        Place::Organisation | Place::Home => home,
    }
}

fn changed(root: &Path, place: &Place, found: &[Found]) -> Check {
    let place_name = match place {
        Place::Organisation => "the organisation's".to_owned(),
        Place::Home => "the home's".to_owned(),
        Place::Workspace(dir) => format!("the one of `{dir}`"),
    };
    let accept = command(root, place, "accept");
    if let Some(other) = found.iter().find(|one| one.place == *place) {
        let path = other.path.display();
        let found = format!(
            "{place_name} accepted policy was changed, so everything asks: `{path}` is not what \
             was accepted"
        );
        return Check::fail(NAME, found, accept);
    }
    let found = format!("{place_name} accepted policy is gone, so everything asks");
    let init = command(root, place, "init");
    // Where nobody is pinned yet, what `init` writes counts at once; to accept it again harms nothing.
    Check::fail(NAME, found, format!("{init} && {accept}; or restore the file from a backup"))
}

fn standing(root: &Path, found: &[Found], accepted: &[Acceptance]) -> Check {
    if let Some(unread) = found.iter().find(|one| !one.is_accepted(accepted)) {
        let found = format!(
            "`{}` was not accepted: only those of its rules that block or ask count",
            unread.path.display()
        );
        let fix = match &unread.place {
            Place::Organisation => {
                format!("chown root {0} && chmod go-w {0}", quoted(&unread.path))
            }
            place => command(root, place, "accept"),
        };
        return Check::warn(NAME, found, fix);
    }
    let home = found.iter().find(|one| one.place == Place::Home);
    match home.and_then(|one| one.acceptance(accepted)) {
        Some(acceptance) => {
            let found = format!("the home's own holds, accepted by receipt {}", acceptance.seq);
            Check::ok(NAME, found)
        }
        None if home.is_some() => Check::ok(NAME, "the home's own holds; root vouches for it"),
        None => Check::ok(NAME, "the built-in one holds"),
    }
}

fn mode(root: &Path, mode: Mode, watched: Option<Watched>) -> Check {
    let accept = command(root, &Place::Home, "accept");
    let fix = format!("take `mode` out of the policy, and accept it: {accept}");
    match watched {
        None if mode == Mode::Enforce => Check::ok("policy mode", "enforced"),
        None => Check::ok("policy mode", "enforced: observing has ended"),
        Some(Watched::WithoutEnd) => {
            Check::warn("policy mode", "switched off: everything but the floors runs", fix)
        }
        Some(Watched::Until(end)) => {
            let end = end.timestamp();
            let found = format!("only observed until {}: what would be held runs", end.as_str());
            Check::warn("policy mode", found, fix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    #[test]
    fn what_is_only_watched_warns() {
        assert_eq!(mode(Path::new("/h"), Mode::Enforce, None).state, State::Ok);
        assert_eq!(mode(Path::new("/h"), Mode::Observe, None).state, State::Ok);
        assert_eq!(
            mode(Path::new("/h"), Mode::Observe, Some(Watched::Until(Instant(0)))).state,
            State::Warn
        );
        assert_eq!(mode(Path::new("/h"), Mode::Off, Some(Watched::WithoutEnd)).state, State::Warn);
    }

    #[test]
    fn an_accepted_text_that_is_gone_fails_with_the_line_that_begins_one() {
        let check = changed(Path::new("/h"), &Place::Home, &[]);
        assert_eq!(check.state, State::Fail);
        let fix = check.fix.unwrap();
        assert!(fix.starts_with("countersign --home /h policy init && countersign "), "{fix}");
        let check = changed(Path::new("/h"), &Place::Workspace("/a b".into()), &[]);
        let fix = check.fix.unwrap();
        assert!(
            fix.starts_with("cd '/a b' && countersign --home /h policy init --at workspace"),
            "{fix}"
        );
    }
}
