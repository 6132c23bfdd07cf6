//! Which crate may import which: stairs only go down, and some doors are walled up.
//!
//! It judges what the manifests declare, for every target and feature, so a wall cannot be passed
//! behind a `cfg`.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::{Outcome, child};

/// The house: a crate imports from lower floors only. A crate that is not listed may not exist.
const FLOORS: [(&str, u8); 14] = [
    ("countersign-core", 0),
    ("countersign-policy", 1),
    ("countersign-wire", 1),
    ("countersign-store", 1),
    ("countersign-store-sqlite", 2),
    ("countersign-client", 2),
    ("countersign-vectors", 2),
    ("countersign-gateway", 3),
    ("countersign-enforcer", 3),
    ("countersign-approver", 3),
    ("countersign-hosts", 4),
    ("countersign", 5),
    // It stands beside the house: it may look into every room, and only tests may look at it.
    (TESTKIT, 5),
    // Only the vectors need what is below it: they are made from good objects of the core.
    (XTASK, 1),
];

/// Who may name a crate. `*` stands for any end of a name.
struct Wall {
    around: &'static str,
    doors: &'static [&'static str],
    doors_for_tests: &'static [&'static str],
}

const WALLS: [Wall; 7] = [
    // A vector of a well signed lie needs a signature that the core would not make.
    Wall { around: "ed25519-dalek", doors: &[CORE, XTASK], doors_for_tests: &[CORE, TESTKIT] },
    // So does an authenticator in software.
    Wall { around: "p256", doors: &[CORE, XTASK, TESTKIT], doors_for_tests: &[CORE] },
    Wall { around: "x25519-dalek", doors: &[CORE], doors_for_tests: &[CORE, TESTKIT] },
    Wall { around: "rusqlite", doors: &[STORES, TESTKIT], doors_for_tests: &[STORES, TESTKIT] },
    // Only the binary picks concrete parts.
    Wall { around: STORES, doors: &["countersign", TESTKIT], doors_for_tests: &["*"] },
    Wall { around: TESTKIT, doors: &[], doors_for_tests: &["*"] },
    Wall { around: XTASK, doors: &[], doors_for_tests: &[] },
];

/// They meet only on the wire, wherever they come to stand.
const STRANGERS: [&str; 3] =
    ["countersign-gateway", "countersign-enforcer", "countersign-approver"];

const CORE: &str = "countersign-core";
const STORES: &str = "countersign-store-*";
const TESTKIT: &str = "countersign-testkit";
const XTASK: &str = "xtask";

/// One line of a manifest: `from` depends on `to`.
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    to: String,
    /// `to` is a crate of ours, not one from a registry.
    ours: bool,
    /// Only tests, examples and benchmarks see it.
    tests_only: bool,
}

pub(crate) fn run() -> Outcome {
    let house = survey()?;
    let mut found: Vec<String> =
        house.workspace_packages().iter().filter_map(|package| unlisted(&package.name)).collect();
    found.extend(breaches(&edges(&house)));
    found.sort();
    found.dedup();
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// Reads the manifests and nothing else, so it needs no network and no other crate that compiles.
fn survey() -> Result<Metadata, String> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps"];
    let output = child::cargo(&arguments).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    MetadataCommand::parse(text).map_err(|error| error.to_string())
}

fn edges(house: &Metadata) -> Vec<Edge> {
    house.workspace_packages().into_iter().flat_map(edges_of).collect()
}

fn edges_of(package: &Package) -> impl Iterator<Item = Edge> {
    package.dependencies.iter().map(|dependency| Edge {
        from: package.name.to_string(),
        to: dependency.name.clone(),
        ours: dependency.path.is_some(),
        tests_only: dependency.kind == DependencyKind::Development,
    })
}

/// One line per import that must not be.
fn breaches(edges: &[Edge]) -> Vec<String> {
    edges
        .iter()
        .filter_map(|edge| stranger(edge).or_else(|| walled(edge)).or_else(|| upwards(edge)))
        .collect()
}

fn stranger(Edge { from, to, .. }: &Edge) -> Option<String> {
    let both = from != to && [from, to].iter().all(|name| STRANGERS.contains(&name.as_str()));
    both.then(|| format!("`{from}` imports `{to}`: they meet only on the wire"))
}

fn walled(Edge { from, to, tests_only, .. }: &Edge) -> Option<String> {
    let wall = WALLS.iter().find(|wall| matches(wall.around, to))?;
    let doors = if *tests_only { wall.doors_for_tests } else { wall.doors };
    if doors.iter().any(|door| matches(door, from)) {
        return None;
    }
    let kind = if *tests_only { " for its tests" } else { "" };
    let open =
        if doors.is_empty() { "nobody".into() } else { format!("only {}", doors.join(", ")) };
    Some(format!("`{from}` imports `{to}`{kind}: {open} may"))
}

fn upwards(Edge { from, to, ours, tests_only }: &Edge) -> Option<String> {
    if !ours || (*tests_only && to == TESTKIT) {
        return None;
    }
    let (Some(above), Some(below)) = (floor(from), floor(to)) else {
        return unlisted(from).or_else(|| unlisted(to));
    };
    (below >= above).then(|| {
        format!("`{from}` on floor {above} imports `{to}` on floor {below}: imports only go down")
    })
}

fn unlisted(name: &str) -> Option<String> {
    floor(name).is_none().then(|| format!("`{name}` stands on no floor: list it in floors.rs"))
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(listed, _)| *listed == name).map(|(_, floor)| *floor)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests;
