//! Files that a result is written to: whole or not at all, where they were named and nowhere else.

use crate::common::{World, json};
use crate::{LINE, inbox_is_empty, is, refusal, runs, works_again};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Everything in a directory but the files that were put there, such as what was left lying.
fn names(dir: &Path) -> Vec<String> {
    let name = |e: std::io::Result<std::fs::DirEntry>| e.unwrap().file_name();
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| name(entry).to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// Places where nothing is written: a link, a file of the home by each way to it, what is no file.
fn refused_places(world: &World) -> Vec<PathBuf> {
    let dir = world.path("places");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("precious"), "precious").unwrap();
    symlink("precious", dir.join("link")).unwrap();
    symlink("nowhere", dir.join("dangling")).unwrap();
    symlink(world.path("enforcer"), dir.join("home")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap().success());
    let home = world.path("enforcer");
    vec![
        dir.join("link"),
        dir.join("dangling"),
        dir.join("pipe"),
        dir.join("home"),
        dir.join("home/trust.json"),
        dir.join("home/new.json"),
        dir.join("../enforcer/receipts/new.json"),
        home.join("trust.json"),
        home.join("keys/operator.json"),
        dir.clone(),
        dir.join(".."),
        PathBuf::from("/dev/null"),
    ]
}

#[test]
fn attack_31_a_report_goes_through_no_link_and_into_no_home() {
    let world = World::paired();
    let trust = text(&world.path("enforcer").join("trust.json"));
    for place in refused_places(&world) {
        let place = place.to_str().unwrap();
        let args = ["run", "--report", place, "--", LINE[0], LINE[1], LINE[2]];
        assert_eq!(refusal(&world, "enforcer", &args), is("report", 125), "{place}");
    }
    assert!(inbox_is_empty(&world), "nobody was asked");
    assert_eq!(runs(&world), 0);
    assert_eq!(text(&world.path("places/precious")), "precious");
    assert_eq!(names(&world.path("places")), ["dangling", "home", "link", "pipe", "precious"]);
    assert_eq!(text(&world.path("enforcer").join("trust.json")), trust);
    works_again(&world);
}

#[test]
fn a_report_replaces_an_old_one_whole() {
    let world = World::paired();
    let (dir, path) = (world.path("reports"), world.path("reports/report.json"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(&path, "an old one that is longer than the new one\n".repeat(100)).unwrap();
    std::fs::hard_link(&path, world.path("other-name")).unwrap();
    let args = ["run", "--report", path.to_str().unwrap(), "--", LINE[0], LINE[1], LINE[2]];
    let mut run = world.spawn("enforcer", &args);
    let id = world.waiting("approver");
    assert!(names(&dir).is_empty(), "an old report would be misread, and nothing lies there yet");
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
    assert_eq!(json(&std::fs::read(&path).unwrap())["verdict"], "approved");
    assert_eq!(names(&dir), ["report.json"], "nothing is left lying");
    assert!(text(&world.path("other-name")).starts_with("an old one"), "written beside, not into");
}

#[test]
fn attack_31_a_link_that_appears_meanwhile_is_replaced_and_not_followed() {
    let world = World::paired();
    let (path, precious) = (world.path("report.json"), world.path("precious"));
    std::fs::write(&precious, "precious").unwrap();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    symlink(&precious, &path).unwrap();
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
    assert_eq!(text(&precious), "precious");
    assert!(!path.is_symlink());
    assert_eq!(world.report()["verdict"], "approved");
}

#[test]
fn attack_31_an_export_goes_through_no_link_and_into_no_home() {
    let world = World::paired();
    let trust = text(&world.path("enforcer").join("trust.json"));
    for place in refused_places(&world) {
        let args = ["trust", "export", "-o", place.to_str().unwrap()];
        assert_eq!(refusal(&world, "enforcer", &args), is("file", 1), "{}", place.display());
    }
    assert_eq!(text(&world.path("places/precious")), "precious");
    assert_eq!(text(&world.path("enforcer").join("trust.json")), trust);
    assert_eq!(refusal(&world, "enforcer", &["trust", "export", "-o", ""]), is("usage", 2));
    // A file of before is replaced.
    let path = world.path("places/precious");
    world.json("enforcer", &["trust", "export", "-o", path.to_str().unwrap()]);
    assert_eq!(json(&std::fs::read(&path).unwrap())["type"], "countersign.trust/v1");
}

#[test]
fn a_receipt_that_cannot_be_read_or_is_too_large_is_no_receipt() {
    let world = World::paired();
    works_again(&world);
    let place = |name: &str| world.path(name).display().to_string();
    assert_eq!(refusal(&world, "enforcer", &["receipt", "verify", &place("work")]), is("file", 1));
    assert_eq!(
        refusal(&world, "enforcer", &["receipt", "verify", "last", "--trust", &place("work")]),
        is("file", 1)
    );
    let receipt = world.json("enforcer", &["receipt", "show", "last"]).to_string();
    let limit = 8 * 1024 * 1024;
    // White space around it is no part of a document; what is over the limit is not read.
    for (size, verdict) in [(limit, "Valid"), (limit + 1, "Malformed"), (2 * limit, "Malformed")] {
        let padded = receipt.clone() + &" ".repeat(size - receipt.len());
        std::fs::write(world.path("large"), padded).unwrap();
        let (judged, exit) = world.verify(&place("large"), &[]);
        let wanted = if verdict == "Valid" { 0 } else { 13 };
        assert_eq!((judged["verdict"].as_str(), exit), (Some(verdict), wanted), "{size}");
    }
    // A pipe is no worse than a file.
    let mut piped = world.like(&world.command("enforcer", &[]), "sh");
    let home = world.path("enforcer").display().to_string();
    let script = "printf %s \"$1\" | \"$0\" --home \"$2\" receipt verify /dev/stdin";
    piped.args(["-c", script, crate::common::BINARY, &receipt, &home]);
    assert!(piped.output().unwrap().status.success());
}
