//! What the screen shows is what is signed, and it is shown whole.

use crate::common::World;
use crate::hostile::{between, receipts};
use countersign_testkit::Kind;
use serde_json::Value;

/// A text with everything that could mislead a reader, and how it must appear.
const TRICKS: [(&str, &str); 10] = [
    ("\u{1b}[2K\u{1b}[1A", "\\u{1b}[2K\\u{1b}[1A"),
    ("safe\u{202e}txt.exe", "safe\\u{202e}txt.exe"),
    ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
    ("pay\u{200b}pal", "pay\\u{200b}pal"),
    ("\u{feff}start", "\\u{feff}start"),
    ("\u{e0041}tag", "\\u{e0041}tag"),
    ("line\r\u{8}over", "line\\r\\u{8}over"),
    ("\u{9b}31m", "\\u{9b}31m"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("end\u{2028}next", "end\\u{2028}next"),
];

/// Characters that no screen of ours may contain.
fn misleads(c: char) -> bool {
    let hidden = matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe007f);
    (c.is_control() && c != '\n') || hidden
}

/// What people see of a request: the whole of `show`, the line in `inbox`.
fn screens(world: &World, id: &str) -> [String; 2] {
    let text = |args: &[&str]| {
        let output = world.run("approver", args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    [text(&["show", id]), text(&["inbox"])]
}

#[test]
fn attack_06_nothing_on_the_screen_can_mislead_and_nothing_is_cut() {
    let world = World::paired();
    let long = "\u{df}".repeat(5_000);
    let mut command: Vec<&str> = vec!["true", &long];
    command.extend(TRICKS.iter().map(|(trick, _)| *trick));
    let words = TRICKS.map(|(trick, _)| trick).concat();
    let run =
        world.gate(&["--description", &words, "--reasoning", &words, "--ttl", "60s"], &command);
    let id = world.waiting("approver");
    let [show, inbox] = screens(&world, &id);
    for (trick, seen) in TRICKS {
        assert!(show.contains(seen), "{trick:?} is not shown as {seen}:\n{show}");
    }
    for screen in [&show, &inbox] {
        assert!(!screen.chars().any(misleads), "{screen:?}");
    }
    let shown = show.matches('\u{df}').count();
    assert!(shown > 0 && shown.is_multiple_of(5_000), "shown whole wherever it is: {shown}");
    run.signal("TERM");
    assert_eq!(run.output().status.code(), Some(126));
}

#[test]
fn attack_06_two_different_commands_never_look_the_same() {
    let (world, gateway) = between();
    world.pair("enforcer", "approver", "ann", "device");
    let pairs: [[&[&str]; 2]; 4] = [
        [&["true", "a b"], &["true", "a", "b"]],
        [&["true", "a\\nb"], &["true", "a\nb"]],
        [&["true", "\\u{202e}"], &["true", "\u{202e}"]],
        [&["true", "p\u{430}ypal"], &["true", "paypal"]],
    ];
    let mut runs = Vec::new();
    for command in pairs.iter().flatten() {
        let args = ["run", "--ttl", "60s", "--"].into_iter().chain(command.iter().copied());
        runs.push(world.spawn("enforcer", &args.collect::<Vec<_>>()));
    }
    gateway.wait_for_calls(Kind::Wait, runs.len());
    let items = world.json("approver", &["inbox"])["items"].as_array().unwrap().clone();
    let asked = receipts(&world, "enforcer");
    // The request from the enforcer's own ledger, its line from the approver's inbox.
    let headline = |command: &[&str]| {
        let argv = serde_json::json!(command);
        let is = |receipt: &&Value| receipt["content"]["action"]["argv"] == argv;
        let id = &asked.iter().find(is).unwrap()["content"]["requestId"];
        let item = items.iter().find(|item| item["requestId"] == *id).unwrap();
        item["headline"].as_str().unwrap().to_owned()
    };
    for [one, two] in pairs {
        assert_ne!(headline(one), headline(two));
    }
    for mut run in runs {
        run.kill();
    }
}

/// Every text of a receipt is somebody's, also where its own words are two by the specification.
#[test]
fn attack_06_a_receipt_of_a_stranger_cannot_drive_the_readers_terminal() {
    let world = World::paired();
    let run = world.gate(&[], &["true"]);
    let id = world.waiting("approver");
    world.json("approver", &["approve", &id]);
    assert!(run.output().status.success());
    let mut receipt = world.json("enforcer", &["receipt", "show", "last"]);
    let tricks = TRICKS.map(|(trick, _)| trick).concat();
    let said = receipt.pointer_mut("/content/approver_decision").unwrap();
    for word in ["verdict", "person", "reason"] {
        said[word] = tricks.as_str().into();
    }
    let path = world.path("stranger.json");
    std::fs::write(&path, receipt.to_string()).unwrap();
    for json in [&[][..], &["--json"]] {
        let args = [&["receipt", "show", path.to_str().unwrap()], json].concat();
        let shown = world.run("enforcer", &args);
        let text = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
        assert!(text.contains("31m") && !text.chars().any(misleads), "{text:?}");
    }
}

#[test]
fn attack_06_a_reason_cannot_drive_the_agents_terminal() {
    let world = World::paired();
    let run = world.gate(&[], &["touch", "ran"]);
    let id = world.waiting("approver");
    let reason = TRICKS.map(|(trick, _)| trick).concat();
    world.json("approver", &["deny", &id, "-m", &reason]);
    let output = run.output();
    assert_eq!(output.status.code(), Some(126));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("\\u{202e}") && !text.chars().any(misleads), "{text:?}");
    assert!(!world.work().join("ran").exists());
    let shown = world.run("enforcer", &["receipt", "show", "last"]);
    assert!(!String::from_utf8(shown.stdout).unwrap().chars().any(misleads));
}
