//! A disk that fills up again and again while many processes write to one ledger.

use crate::common::{World, json};
use crate::disk::{Disk, with_own_mounts};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const POLICY: &str =
    "version = 1\n[[rule]]\nid = \"t\"\ntools = [\"touch\"]\ndecision = \"allow\"\n";
const PROCESSES: usize = 5;
const CALLS: usize = 6;

/// A home on a small disk, whose policy lets `touch` run.
fn world() -> (World, Disk) {
    let world = World::bare();
    std::fs::create_dir(world.path("person")).unwrap();
    let disk = Disk::at(world.path("enforcer"));
    let text = world.path("policy.toml");
    std::fs::write(&text, POLICY).unwrap();
    world.json("enforcer", &["policy", "accept", text.to_str().unwrap(), "--at", "home"]);
    (world, disk)
}

fn touch(world: &World, file: &str) -> Output {
    let mut run = world.command("enforcer", &["run", "--json", "--", "touch", file]);
    let run = run.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", world.path("person"));
    run.output().unwrap()
}

/// Whether it ran, as its process tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    Ran,
    DidNot,
    NobodyKnows,
}

fn told(output: &Output) -> Told {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    match output.status.code() {
        Some(0) => Told::Ran,
        Some(125 | 126) if said.contains("may have run") => Told::NobodyKnows,
        Some(125 | 126) => Told::DidNot,
        other => panic!("{other:?}: {said}"),
    }
}

/// Lets every process make its calls one after the other, while the disk is full every other moment.
fn play(world: &World, disk: &Disk) -> Vec<(String, Told)> {
    let left = AtomicUsize::new(PROCESSES);
    let work = |process: usize| {
        let call = |call| {
            let file = format!("out-{process}-{call}");
            let how = told(&touch(world, &file));
            (file, how)
        };
        let done: Vec<_> = (0..CALLS).map(call).collect();
        left.fetch_sub(1, Ordering::SeqCst);
        done
    };
    std::thread::scope(|threads| {
        let all: Vec<_> = (0..PROCESSES).map(|n| threads.spawn(move || work(n))).collect();
        let mut millis = 3;
        while left.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(millis));
            disk.fill();
            std::thread::sleep(Duration::from_millis(40));
            disk.free();
            // At other moments of the commits each time.
            millis = 3 + (millis * 7) % 97;
        }
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn attack_20_a_disk_that_fills_up_in_the_middle_of_commits_leaves_a_whole_ledger() {
    let name =
        "group::attack_20_a_disk_that_fills_up_in_the_middle_of_commits_leaves_a_whole_ledger";
    with_own_mounts(name, || {
        let (world, disk) = world();
        let told = play(&world, &disk);
        let there = |file: &String| world.work().join(file).exists();
        for (file, how) in &told {
            let right = *how == Told::NobodyKnows || there(file) == (*how == Told::Ran);
            assert!(right, "{file}: {how:?}");
        }
        let refused = told.iter().filter(|(_, how)| *how == Told::DidNot).count();
        assert!(refused > 0 && refused < told.len(), "{told:?}");
        assert_eq!(world.json("enforcer", &["status"])["running"], json(b"[]"));
        let verdict = world.json("enforcer", &["audit", "verify"]);
        assert_eq!(verdict["verdict"], "Valid", "{verdict}");
        let lines = world.run("enforcer", &["audit", "export"]).stdout;
        let lines = String::from_utf8(lines).unwrap();
        let events: Vec<_> = lines.lines().map(|l| json(l.as_bytes())["event"].clone()).collect();
        let count = |event: &str| events.iter().filter(|found| **found == event).count();
        let ran = told.iter().filter(|(file, _)| there(file)).count();
        let (executed, uncertain) = (count("executed"), count("uncertain") + count("failed"));
        assert!((executed..=executed + uncertain).contains(&ran), "{ran} ran: {events:?}");
        assert_eq!(count("allowed"), executed + uncertain, "{events:?}");
    });
}
