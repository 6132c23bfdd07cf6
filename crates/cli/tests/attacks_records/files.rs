//! Keys and secrets on the disk, on the screen and in other processes' sight.

use crate::common::{World, files};
use countersign_testkit::canary;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const PASSPHRASE: &str = "canary-passphrase-4711";
const TOKEN: &str = "ghp_canaryTokenOfTheChild4711abcdEFGH";

/// A whole life: pairing, an approved run with a secret, a wrong passphrase. Returns what was said
/// on the agent's side and on the person's.
fn lived() -> (World, [Vec<u8>; 2]) {
    let mut world = World::empty();
    fs::write(world.path("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
    world.start_gateway();
    let (mut agents, mut persons) = (Vec::new(), Vec::new());
    let (mut pairing, link) = world.invite("enforcer", "ann", "device");
    let joined = world.run("approver", &["join", &link]);
    assert!(joined.status.success() && pairing.wait().success());
    persons.extend([joined.stdout, joined.stderr].concat());
    let secret = link.rsplit_once("s=").unwrap().1.to_owned();
    let args = ["run", "--env", "DEPLOY_TOKEN", "--", "sh", "-c", "test -n \"$DEPLOY_TOKEN\""];
    let mut command = world.command("enforcer", &args);
    command.env("DEPLOY_TOKEN", TOKEN);
    let run = crate::common::Process::start(command);
    let id = world.waiting("approver");
    for args in [&["approve", &id][..], &["history"], &["list"], &["status"]] {
        let output = world.run("approver", args);
        persons.extend([output.stdout, output.stderr].concat());
    }
    let output = run.output();
    assert!(output.status.success(), "{output:?}");
    agents.extend([output.stdout, output.stderr].concat());
    let wrong = world.path("wrong");
    fs::write(&wrong, "not it\n").unwrap();
    let refused = world.run("approver", &["inbox", "--passphrase-file", wrong.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    persons.extend([refused.stdout, refused.stderr].concat());
    for args in [&["receipt", "show", "last"][..], &["status"], &["trust", "show"], &["list"]] {
        let output = world.run("enforcer", args);
        agents.extend([output.stdout, output.stderr].concat());
    }
    fs::write(world.path("secret"), secret).unwrap();
    (world, [agents, persons])
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn directories(dir: &Path) -> Vec<std::path::PathBuf> {
    let inner = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let inner = inner.filter(|path| path.is_dir()).flat_map(|path| directories(&path));
    inner.chain([dir.to_owned()]).collect()
}

#[test]
fn attack_31_nobody_else_can_read_a_home_and_no_secret_leaves_its_place() {
    let (world, [agents, persons]) = lived();
    for party in ["gateway", "enforcer", "approver"] {
        let home = world.path(party);
        for dir in directories(&home) {
            assert_eq!(mode(&dir), 0o700, "{}", dir.display());
        }
        for (path, _) in files(&home) {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    let link_secret = fs::read_to_string(world.path("secret")).unwrap();
    let operator = crate::hostile::operator(&world).1.to_bytes().unwrap();
    let operator = countersign_core::encoding::base64(&operator);
    // What was said is said on a screen, where somebody may look over a shoulder.
    for (name, secret) in secrets(&link_secret, &operator) {
        assert_eq!(canary::find(&agents, secret), None, "{name} on the agent's screen");
        // The person is shown what the token is, once, in the review.
        let shown = canary::find(&persons, secret).is_some();
        assert_eq!(shown, name == "token", "{name} on the person's screen");
    }
    for party in ["gateway", "enforcer", "approver"] {
        for (path, bytes) in files(&world.path(party)) {
            for (name, secret) in secrets(&link_secret, &operator) {
                let found = canary::find(&bytes, secret);
                let own = name == "operator key" && path.ends_with("keys/operator.json");
                // The device shows the person what the token is, and keeps what it showed.
                let shown = name == "token" && party == "approver";
                assert!(found.is_none() || own || shown, "{name} in {}", path.display());
            }
        }
    }
}

fn secrets<'a>(link: &'a str, operator: &'a str) -> [(&'static str, &'a str); 4] {
    [("passphrase", PASSPHRASE), ("token", TOKEN), ("link", link), ("operator key", operator)]
}

#[test]
fn attack_31_a_passphrase_cannot_be_given_where_others_see_it() {
    let world = World::paired();
    // On the command line it is an unknown argument; in a variable it is not looked for.
    let output = world.run("approver", &["inbox", "--passphrase", "correct horse"]);
    assert_eq!(output.status.code(), Some(2));
    let mut command =
        crate::hostile::without_terminal(&world.command("approver", &["inbox", "--json"]));
    command
        .env_remove("COUNTERSIGN_PASSPHRASE_FILE")
        .env("COUNTERSIGN_PASSPHRASE", "correct horse");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(crate::common::error_code(&output), "passphrase");
}
