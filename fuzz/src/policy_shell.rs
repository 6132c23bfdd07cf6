//! Any line of a shell: no panic, and what is written around it or behind it hides nothing.

use countersign_core::action::Action;
use countersign_policy::classify::classify;
use countersign_policy::facts::{Class, Floor, Links, Place};
use serde_json::json;

/// Classifies a line, the line in a shell, and the line before another.
pub fn shell(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    let plain = of(line);
    let quoted = line.replace('\'', "'\\''");
    let wrapped = of(&format!("bash -c '{quoted}'"));
    assert!(covers(&wrapped, &plain), "a shell around it hides something");
    if !plain.floors.contains(&Floor::Unreadable) {
        let more = of(&format!("{line}\nrm -rf ~"));
        assert!(covers(&more, &plain), "a line behind it hides something");
        assert!(covers(&more, &of("rm -rf ~")), "it hides the line behind it");
    }
}

fn of(line: &str) -> Class {
    let payload = json!({
        "kind": "command", "argv": ["bash", "-c", line], "cwd": "/home/ann/work", "env": {},
        "program": {"path": "/usr/bin/bash", "sha256": "ab".repeat(32)},
    });
    let action = Action::from_payload(&payload).expect("a command");
    let place = Place {
        user_home: Some("/home/ann".into()),
        own_state: vec!["/home/ann/.countersign".into()],
        workspace: Some("/home/ann/work".into()),
        links: Links::default(),
    };
    classify(&action, &place)
}

fn covers(more: &Class, less: &Class) -> bool {
    let broken = more.floors.contains(&Floor::Unreadable);
    more.risk >= less.risk
        && (broken || less.floors.iter().all(|floor| more.floors.contains(floor)))
}
