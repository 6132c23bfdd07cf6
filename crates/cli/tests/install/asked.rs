//! A person at a terminal is shown the change and asked.

use super::{Account, SETTINGS, commands};
use crate::common::screen::Screen;
use std::process::Command;

/// The terminal's own program is found where it usually is.
fn on_a_terminal(command: &mut Command) -> Screen {
    Screen::of(command.env("PATH", std::env::var_os("PATH").unwrap()))
}

#[test]
fn yes_writes_and_no_writes_nothing() {
    let me = Account::new();
    me.program("claude", "#!/bin/sh\necho '2.1.332 (Claude Code)'\n");
    me.write(SETTINGS, "{\n  \"a\": 1\n}\n");
    for (key, code) in [("n", 10), ("\r", 10), ("y", 0)] {
        let mut screen = on_a_terminal(&mut me.command(&["install", "claude-code"]));
        screen.sees("+  \"hooks\": {");
        screen.sees("[y/N]");
        screen.types(key);
        let (exit, text) = screen.end();
        assert_eq!(exit, code, "{text}");
        let written = commands(&me.read(SETTINGS)).len();
        assert_eq!(written, usize::from(code == 0), "{text}");
    }
    let mut screen = on_a_terminal(&mut me.command(&["uninstall", "claude-code"]));
    screen.sees("[y/N]");
    screen.types("y");
    assert_eq!(screen.end().0, 0);
    assert_eq!(me.read(SETTINGS), b"{\n  \"a\": 1\n}\n");
}

#[test]
fn attack_what_stands_in_the_settings_cannot_draw_on_the_terminal() {
    let me = Account::new();
    me.write(SETTINGS, "{\n  \"a\": \"\u{202e}\u{9b}2J\"\n}\n");
    let output = me.run(&["install", "claude-code", "--dry-run"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("\\u{202e}\\u{9b}2J"), "{text}");
    assert!(!text.contains('\u{202e}') && !text.contains('\u{9b}'));
}
