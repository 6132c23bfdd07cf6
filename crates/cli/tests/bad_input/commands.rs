//! Command lines that make no sense, and how every command speaks.

use crate::common::screen::Screen;
use crate::common::{World, json};
use crate::{inbox_is_empty, is, refusal, refused, works_again};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

#[test]
fn usage_errors_end_with_2_and_are_documents_too() {
    let world = World::bare();
    for args in [
        &["frobnicate"][..],
        &["run"],
        &["run", "--"],
        &["run", "--ttl", "0", "--", "true"],
        &["run", "--ttl", "25h", "--", "true"],
        &["run", "--ttl", "5d", "--", "true"],
        &["run", "--ttl", "-1", "--", "true"],
        &["run", "--local", "--to", "ann", "--", "true"],
        &["pair", "--name", "x"],
        &["pair", "--name", "x", "--relay", "http://127.0.0.1:1", "--assurance", "total"],
        &["pair", "--name", "x", "--relay", "ftp://127.0.0.1:1"],
        &["pair", "--name", "x", "--relay", "127.0.0.1:1"],
        &["pair", "--name", "x", "--relay", "http://127.0.0.1:99999"],
        &["pair", "--name", "x", "--relay", ""],
        &["approve"],
        &["receipt"],
        &["receipt", "verify", "last", "--require", "L2"],
        &["receipt", "verify", "last", "--event", "happened"],
        &["gateway", "--listen", "somewhere"],
        &["gateway", "--behind-proxy"],
        &["list", "extra"],
    ] {
        assert_eq!(refusal(&world, "enforcer", args), is("usage", 2), "{args:?}");
    }
    assert!(!world.path("enforcer").exists(), "a usage error made a home");
}

#[test]
fn people_read_a_usage_error_in_one_line_too() {
    let world = World::empty();
    let output = world.run("enforcer", &["run", "--ttl", "5d", "--", "true"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((said.lines().count(), output.status.code()), (1, Some(2)), "{said}");
    assert!(said.starts_with("countersign: ") && said.contains("[usage] ("), "{said}");
}

#[test]
fn a_command_that_cannot_run_is_refused_before_anybody_is_asked() {
    let world = World::paired();
    std::fs::write(world.work().join("plain"), "just text\n").unwrap();
    std::fs::create_dir(world.work().join("dir")).unwrap();
    for (args, wanted) in [
        (&["run", "--", "no-such-program"][..], is("not_found", 127)),
        (&["run", "--", "./no-such-file"], is("not_found", 127)),
        (&["run", "--", "./plain"], is("not_executable", 126)),
        (&["run", "--", "./dir"], is("not_executable", 126)),
        (&["run", "--", ""], is("unusable_command", 125)),
        (&["run", "--env", "NOT_SET_HERE", "--", "true"], is("unusable_variable", 125)),
        (&["run", "--env", "A=b", "--", "true"], is("unusable_variable", 125)),
        (&["run", "--stdin", "no-such-file", "--", "cat"], is("stdin", 125)),
        (&["run", "--to", "nobody", "--", "true"], is("no_approver", 126)),
        (&["run", "--report", "no/such/dir/report", "--", "true"], is("report", 125)),
        (&["run", "--local", "--", "true"], is("no_local_key", 126)),
    ] {
        assert_eq!(refusal(&world, "enforcer", args), wanted, "{args:?}");
    }
    assert!(inbox_is_empty(&world));
    works_again(&world);
}

#[test]
fn words_that_are_no_text_are_refused() {
    let world = World::paired();
    let mut command = world.command("enforcer", &["run", "--json", "--", "echo"]);
    command.arg(OsStr::from_bytes(b"caf\xe9"));
    assert_eq!(refused(&command.output().unwrap()), is("unusable_command", 125));
    let mut command = world.command("enforcer", &["--json", "revoke"]);
    command.arg(OsStr::from_bytes(b"caf\xe9"));
    assert_eq!(refused(&command.output().unwrap()), is("usage", 2));
    assert!(inbox_is_empty(&world));
}

#[test]
fn a_working_directory_that_is_gone_is_refused() {
    let world = World::paired();
    let gone = world.work().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let command = world.command("enforcer", &["run", "--json", "--", "true"]);
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(&gone).env("NO_COLOR", "1");
    shell.args(["-c", "rmdir ../gone; exec \"$@\"", "sh"]).arg(command.get_program());
    let output = shell.args(command.get_args()).output().unwrap();
    assert_eq!(refused(&output).1, 125);
    assert!(inbox_is_empty(&world));
}

#[test]
fn every_command_prints_one_document() {
    let world = World::paired();
    let mut run = world.gate(&[], &["true"]);
    let id = world.waiting("approver");
    for (party, args) in [
        ("enforcer", &["status"][..]),
        ("approver", &["status"]),
        ("nobody", &["status"]),
        ("enforcer", &["list"]),
        ("approver", &["list"]),
        ("nobody", &["list"]),
        ("enforcer", &["key", "fingerprint"]),
        ("approver", &["key", "fingerprint"]),
        ("enforcer", &["trust", "show"]),
        ("enforcer", &["trust", "export"]),
        ("enforcer", &["trust", "export", "-o", "trust.json"]),
        ("approver", &["inbox"]),
        ("approver", &["show", &id]),
        ("approver", &["approve", &id]),
        ("approver", &["history"]),
        ("approver", &["show", &id]),
        ("enforcer", &["receipt", "show", "last"]),
        ("enforcer", &["receipt", "verify", "last"]),
        ("enforcer", &["revoke", "ann"]),
        ("approver", &["revoke", "enforcer"]),
    ] {
        let all: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = world.run(party, &all);
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{args:?}: {text}");
        assert!(json(text.as_bytes()).is_object(), "{args:?}: {text}");
        if args[0] == "approve" {
            assert!(run.wait().success());
        }
    }
}

#[test]
fn help_the_manual_and_completions_go_to_standard_output() {
    let world = World::empty();
    for args in [
        &["--help"][..],
        &["help", "run"],
        &["run", "--help"],
        &["receipt", "verify", "--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
    ] {
        let output = world.run("nobody", args);
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}");
        assert!(!output.stdout.is_empty() && !output.stdout.contains(&0x1b), "{args:?}");
    }
    let manual = String::from_utf8(world.run("nobody", &["man"]).stdout).unwrap();
    for word in ["COUNTERSIGN RUN", "COUNTERSIGN RECEIPT VERIFY", "EXIT STATUS"] {
        assert!(manual.contains(word), "{word}");
    }
    assert!(!world.path("nobody").exists());
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let world = World::paired();
    let run = world.gate(&[], &["rm", "-f", "nothing"]);
    let id = world.waiting("approver");
    let show = |plain: Option<&str>| {
        let mut command = world.command("approver", &["show", &id]);
        match plain {
            Some(value) => command.env("NO_COLOR", value),
            None => command.env_remove("NO_COLOR"),
        };
        command
    };
    let piped = show(None).output().unwrap();
    assert!(piped.status.success() && !piped.stdout.contains(&0x1b));
    for (value, coloured) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let (code, text) = Screen::of(&show(value)).end();
        assert_eq!((code, text.contains("\u{1b}[1;31mHIGH RISK")), (0, coloured), "{value:?}");
    }
    drop(run);
}

#[test]
fn the_qr_code_is_black_on_white_or_without_colours() {
    let world = World::with_gateway();
    for (plain, coloured) in [("", true), ("1", false)] {
        let args = ["pair", "--name", "ann", "--relay", world.url()];
        let mut command = world.command("enforcer", &args);
        command.env("NO_COLOR", plain);
        let mut screen = Screen::of(&command);
        for shown in ["countersign join 'http://", "Or scan this:", "▀", "Or type the code "] {
            screen.sees(shown);
        }
        assert_eq!(screen.text().contains('\u{1b}'), coloured);
        screen.sees("The link, to open in a browser:");
        screen.sees("Waiting ...");
        let text = screen.text().replace('\r', "");
        let last = text.trim_end().lines().rev().nth(2).unwrap_or_default();
        assert!(last.starts_with("http://") && last.contains("/pair#"), "{text}");
        screen.types("\x03");
        assert_eq!(screen.end().0, 10);
    }
}

#[test]
fn a_receipt_that_proves_nothing_is_an_error() {
    let world = World::paired();
    works_again(&world);
    let nope = ["receipt", "verify", "last", "--trust", "nope.json", "--json"];
    let told = String::from_utf8(world.run("enforcer", &nope).stderr).unwrap();
    assert!(told.contains("`nope.json`") && told.contains("trust export"), "{told}");
    std::fs::write(world.work().join("garbage"), "{\"a\":1").unwrap();
    std::fs::write(
        world.work().join("empty.json"),
        "{\"type\":\"countersign.trust/v1\",\"operators\":[],\"approvers\":[]}",
    )
    .unwrap();
    for (args, wanted) in [
        (&["receipt", "verify", "no-such-file"][..], is("file", 1)),
        (&["receipt", "verify", "99"], is("no_receipt", 1)),
        (&["receipt", "verify", "99999999999999999999"], is("no_receipt", 1)),
        (&["receipt", "show", "garbage"], is("Malformed", 13)),
        (&["receipt", "verify", "last", "--trust", "garbage"], is("trust", 1)),
        (&["receipt", "verify", "last", "--trust", "no-such-file"], is("file", 1)),
    ] {
        assert_eq!(refusal(&world, "enforcer", args), wanted, "{args:?}");
    }
    let newest = world.json("enforcer", &["receipt", "show", "last"])["content"]["seq"].clone();
    let none = world.run("enforcer", &["receipt", "show", "99"]);
    let told = String::from_utf8(none.stderr).unwrap();
    assert!(told.contains(&format!("receipts 1 to {newest} are there")), "{told}");
    for (args, verdict) in [
        (&["garbage"][..], "Malformed"),
        (&["last", "--trust", "empty.json"], "Untrusted"),
        (&["1", "--require", "L1"], "Valid"),
        (&["last", "--event", "denied"], "Valid"),
    ] {
        let all: Vec<&str> = ["receipt", "verify", "--json"].iter().chain(args).copied().collect();
        let output = world.run("enforcer", &all);
        assert_eq!(output.status.code(), Some(13), "{args:?}");
        let document = json(&output.stdout);
        assert_eq!(document["verdict"], verdict, "{args:?}");
        assert_eq!(document["notMet"].is_array(), verdict == "Valid", "{document}");
    }
}
