//! What becomes of the files.

use super::{Account, CLAUDE, SETTINGS, UNDO_CLAUDE, commands};
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn in_a_fresh_account_everything_is_made_and_goes_again() {
    let me = Account::new();
    let done = me.done(&CLAUDE);
    assert_eq!((&done["changed"], &done["scope"]), (&true.into(), &"user".into()));
    assert_eq!(done["probe"]["harmless"], "allow");
    assert_eq!(done["probe"]["garbage"], "refused");
    assert!(done["next"][0].as_str().unwrap().contains("countersign pair"));
    let settings = me.read(SETTINGS);
    let line = commands(&settings).concat();
    assert!(line.contains(&format!("--home '{}' --timeout 600", me.ours().display())), "{line}");
    assert!(String::from_utf8_lossy(&settings).contains("\"onFailure\": \"block\""));
    for (path, mode) in [("hosts", 0o700), ("keys/operator.json", 0o600)] {
        let found = std::fs::metadata(me.ours().join(path)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
    let undone = me.done(&UNDO_CLAUDE);
    assert_eq!((&undone["changed"], &undone["restored"]), (&true.into(), &true.into()));
    assert!(!me.path(".claude").exists() && !me.ours().join("hosts").exists());
    assert_eq!(me.done(&UNDO_CLAUDE)["changed"], false);
}

/// Installs into a file and takes it back.
fn comes_back(text: &str, mode: u32) {
    let me = Account::new();
    let path = me.write(SETTINGS, text);
    let now = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(me.done(&CLAUDE)["changed"], true, "{text}");
    let with = me.read(SETTINGS);
    assert_eq!(commands(&with).iter().filter(|c| c.contains("hook claude-code")).count(), 1);
    assert_eq!(now(), mode);
    assert_eq!(me.done(&UNDO_CLAUDE)["restored"], true);
    assert_eq!((me.read(SETTINGS).as_slice(), now()), (text.as_bytes(), mode));
    let left = std::fs::read_dir(me.path(".claude")).unwrap().count();
    assert_eq!(left, 1, "nothing is left over");
}

const CLAUDE_PROGRAM: &str = "#!/bin/sh\necho '2.1.332 (Claude Code)'\n";
const OLDER_PROGRAM: &str = "#!/bin/sh\necho '2.1.331 (Claude Code)'\n";

/// How many entries of ours stand before tools, and before the lines of skills.
fn standing(me: &Account) -> [usize; 2] {
    let settings = crate::common::json(&me.read(SETTINGS));
    ["PreToolUse", "PreSkillShellCommand"].map(|event| {
        let groups = settings["hooks"][event].as_array().map_or(0, Vec::len);
        let text = settings["hooks"][event].to_string();
        assert_eq!(groups, text.matches("hook claude-code").count(), "{text}");
        groups
    })
}

#[test]
fn an_installation_before_tools_only_gets_the_lines_of_skills_with_the_next() {
    let me = Account::new();
    me.write(SETTINGS, "{\n  \"a\": 1\n}\n");
    me.program("claude", OLDER_PROGRAM);
    let done = me.done(&CLAUDE);
    assert_eq!(standing(&me), [1, 0]);
    assert!(done["warnings"].to_string().contains("asks no hook about the shell lines"), "{done}");
    me.program("claude", CLAUDE_PROGRAM);
    let done = me.done(&CLAUDE);
    assert_eq!(standing(&me), [1, 1]);
    let diff = done["changes"][0]["diff"].as_str().unwrap();
    assert!(diff.contains("+    \"PreSkillShellCommand\": ["), "{diff}");
    assert!(!diff.contains("+    \"PreToolUse\""), "{diff}");
    assert_eq!(me.done(&CLAUDE)["changed"], false);
    assert_eq!(me.done(&UNDO_CLAUDE)["restored"], true);
    assert_eq!(me.read(SETTINGS), b"{\n  \"a\": 1\n}\n");
}

#[test]
fn both_entries_are_taken_out_of_a_file_that_was_changed_since() {
    let me = Account::new();
    me.program("claude", CLAUDE_PROGRAM);
    me.write(SETTINGS, "{\"a\":1}");
    me.done(&CLAUDE);
    assert_eq!(standing(&me), [1, 1]);
    let changed = String::from_utf8(me.read(SETTINGS)).unwrap().replace("\"a\":1", "\"a\":2");
    me.write(SETTINGS, changed);
    assert_eq!(me.done(&UNDO_CLAUDE)["restored"], false);
    assert_eq!(me.read(SETTINGS), b"{\"a\":2}");
}

#[test]
fn an_empty_object_comes_back_to_the_byte() {
    comes_back("{}", 0o600);
    comes_back("{ }", 0o644);
}

#[test]
fn empty_hooks_come_back_to_the_byte() {
    comes_back("{\"hooks\":{}}", 0o644);
    comes_back("{\"hooks\": {\"PreToolUse\": [ ]}}", 0o640);
}

#[test]
fn other_line_ends_and_marks_come_back_to_the_byte() {
    comes_back("{\r\n\t\"a\": 1\r\n}", 0o600);
    comes_back("\u{feff}{\"a\":1}\n\n", 0o600);
}

#[test]
fn other_hooks_come_back_to_the_byte() {
    let other = r#"{"hooks":[{"type":"command","command":"lint"}]}"#;
    comes_back(&format!("{{\"hooks\":{{\"PreToolUse\":[{other}],\"Stop\":[{other}]}}}}"), 0o604);
}

#[test]
fn a_second_installation_changes_nothing_and_says_so() {
    let me = Account::new();
    me.write(SETTINGS, "{\"a\": 1}");
    me.done(&CLAUDE);
    let (with, record) = (me.read(SETTINGS), crate::common::files(&me.ours().join("hosts")));
    let again = me.done(&CLAUDE);
    assert_eq!(again["changed"], false);
    assert_eq!(again["changes"], serde_json::json!([]));
    assert_eq!(me.read(SETTINGS), with);
    assert_eq!(crate::common::files(&me.ours().join("hosts")), record);
    let said = String::from_utf8(me.run(&CLAUDE).stdout).unwrap();
    assert!(said.starts_with("nothing was changed"), "{said}");
}

/// The installed line with another program in place of ours, run by each shell that is here.
fn in_each_shell(me: &Account, name: &str) -> Vec<std::process::Output> {
    let line = commands(&me.read(SETTINGS)).concat();
    let program = crate::common::screen::quoted(crate::common::BINARY);
    let other = crate::common::screen::quoted_path(&me.world.path("bin").join(name));
    let line = line.replace(&program, &other);
    assert!(line.contains(name), "{line}");
    let shells = ["sh", "dash", "bash", "zsh", "ksh"].map(|name| format!("/bin/{name}"));
    let here = shells.iter().filter(|shell| std::path::Path::new(shell).exists());
    let run = |shell| std::process::Command::new(shell).args(["-c", &line]).output().unwrap();
    here.map(run).collect()
}

#[test]
fn attack_32_the_installed_line_refuses_where_the_program_is_gone_or_dies() {
    let me = Account::new();
    me.done(&CLAUDE);
    me.program("killed", "#!/bin/sh\nkill -9 $$\n");
    me.program("fails", "#!/bin/sh\nexit 1\n");
    me.program("cannot", "#!/bin/sh\nexit 125\n");
    me.program("nothing", "no program\n\0\0");
    for name in ["not-there", "killed", "fails", "cannot", "nothing"] {
        for ended in in_each_shell(&me, name) {
            assert_eq!(ended.status.code(), Some(2), "{name}: {ended:?}");
            assert!(String::from_utf8_lossy(&ended.stderr).contains("nothing runs"), "{name}");
        }
    }
}

#[test]
fn attack_32_what_the_hook_itself_says_passes_the_installed_line_unchanged() {
    let me = Account::new();
    me.done(&CLAUDE);
    for (name, code) in [("refuses", 2), ("allows", 0)] {
        me.program(name, &format!("#!/bin/sh\necho said; echo why >&2; exit {code}\n"));
        for ended in in_each_shell(&me, name) {
            assert_eq!(ended.status.code(), Some(code), "{ended:?}");
            assert_eq!(
                (ended.stdout.as_slice(), ended.stderr.as_slice()),
                (&b"said\n"[..], &b"why\n"[..])
            );
        }
    }
}

#[test]
fn attack_11_a_project_that_switches_hooks_off_is_told_of() {
    let me = Account::new();
    let dir = me.world.work().join(".claude");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("settings.local.json"), "{\"disableAllHooks\":true}").unwrap();
    let warnings = me.done(&CLAUDE)["warnings"].to_string();
    assert!(warnings.contains("settings.local.json` says `disableAllHooks`"), "{warnings}");
}

#[test]
fn what_was_before_the_first_installation_comes_back_after_several() {
    let me = Account::new();
    me.write(SETTINGS, "{\"hooks\" : { } }");
    me.done(&CLAUDE);
    me.done(&["install", "claude-code", "--yes", "--timeout", "60"]);
    assert!(commands(&me.read(SETTINGS)).concat().contains("--timeout 60 "));
    assert_eq!(me.done(&UNDO_CLAUDE)["restored"], true);
    assert_eq!(me.read(SETTINGS), b"{\"hooks\" : { } }");
}

#[test]
fn from_a_file_that_was_changed_since_only_ours_is_taken_out() {
    let me = Account::new();
    me.write(SETTINGS, "{\n  \"a\": 1\n}\n");
    me.done(&CLAUDE);
    let changed = String::from_utf8(me.read(SETTINGS)).unwrap().replace("\"a\": 1", "\"a\": 2");
    me.write(SETTINGS, changed);
    let undone = me.done(&UNDO_CLAUDE);
    assert_eq!((&undone["changed"], &undone["restored"]), (&true.into(), &false.into()));
    assert_eq!(me.read(SETTINGS), b"{\n  \"a\": 2\n}\n");
}

#[test]
fn after_a_change_and_another_installation_no_old_entry_comes_back() {
    let me = Account::new();
    me.write(SETTINGS, "{\"a\":1}");
    me.done(&CLAUDE);
    let changed = String::from_utf8(me.read(SETTINGS)).unwrap().replace("\"a\":1", "\"a\":2");
    me.write(SETTINGS, changed);
    me.done(&["install", "claude-code", "--yes", "--timeout", "60"]);
    me.done(&UNDO_CLAUDE);
    assert_eq!(me.read(SETTINGS), b"{\"a\":2}");
}

#[test]
fn an_entry_that_nothing_remembers_is_taken_out_too() {
    let me = Account::new();
    let old = r#"{"hooks":[{"type":"command","command":"/old/countersign hook claude-code"}]}"#;
    me.write(SETTINGS, format!("{{\"hooks\":{{\"PreToolUse\":[{old}]}},\"a\":1}}"));
    assert_eq!(me.done(&UNDO_CLAUDE)["changed"], true);
    assert_eq!(me.read(SETTINGS), b"{\"a\":1}");
    assert!(!me.ours().exists(), "uninstall makes no home");
}

#[test]
fn a_link_stays_one_and_what_it_leads_to_is_changed() {
    let me = Account::new();
    let real = me.write("dotfiles/claude.json", "{\"a\": 1}\n");
    std::fs::create_dir(me.path(".claude")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/claude.json", me.path(SETTINGS)).unwrap();
    let done = me.done(&CLAUDE);
    assert_eq!(done["changes"][0]["file"], real.canonicalize().unwrap().to_str().unwrap());
    assert!(me.path(SETTINGS).symlink_metadata().unwrap().is_symlink());
    assert_eq!(commands(&std::fs::read(&real).unwrap()).len(), 1);
    me.done(&UNDO_CLAUDE);
    assert!(me.path(SETTINGS).symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), b"{\"a\": 1}\n");
}

#[test]
fn a_project_has_its_own_file() {
    let me = Account::new();
    let work = me.world.work();
    std::fs::create_dir_all(work.join(".git")).unwrap();
    std::fs::create_dir(work.join("deep")).unwrap();
    let within = |args: &[&str]| {
        let mut command = me.command(args);
        let output = command.current_dir(work.join("deep")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        crate::common::json(&output.stdout)
    };
    let done = within(&["install", "claude-code", "--project", "--yes", "--json"]);
    assert_eq!(done["scope"], "project");
    assert!(done["warnings"].to_string().contains("belongs to the project"));
    assert_eq!(commands(&std::fs::read(work.join(SETTINGS)).unwrap()).len(), 1);
    assert!(!me.path(".claude").exists());
    within(&["uninstall", "claude-code", "--project", "--yes", "--json"]);
    assert!(!work.join(".claude").exists());
}

#[test]
fn the_hosts_own_variable_says_where_its_settings_are() {
    let me = Account::new();
    let elsewhere = me.path("else where");
    let run = |args: &[&str]| {
        let output = me.command(args).env("CLAUDE_CONFIG_DIR", &elsewhere).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&CLAUDE);
    let said = String::from_utf8(me.run(&UNDO_CLAUDE).stdout).unwrap();
    assert!(said.contains("nothing is installed") && said.contains("else where/settings.json"));
    assert_eq!(commands(&std::fs::read(elsewhere.join("settings.json")).unwrap()).len(), 1);
    run(&UNDO_CLAUDE);
    assert!(!elsewhere.exists());
}

#[test]
fn a_path_with_spaces_and_quotes_works() {
    let me = Account::named("it's \"my\" $(home) `x` \\");
    assert_eq!(me.done(&CLAUDE)["probe"]["harmless"], "allow");
    me.done(&UNDO_CLAUDE);
    assert!(!me.path(".claude").exists());
}

#[test]
fn attack_46_a_record_that_is_damaged_keeps_nothing_from_being_taken_out() {
    let damages: [fn(&std::path::Path); 5] = [
        |path| std::fs::write(path, "").unwrap(),
        |path| std::fs::write(path, "{}").unwrap(),
        |path| std::fs::write(path, "null").unwrap(),
        |path| {
            std::fs::remove_file(path).unwrap();
            std::fs::create_dir(path).unwrap();
        },
        |path| {
            std::fs::remove_file(path).unwrap();
            let (kind, mode) = (rustix::fs::FileType::Fifo, 0o600.into());
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
        },
    ];
    let me = Account::new();
    for damage in damages {
        let text = "{\n  \"a\": 1\n}\n";
        me.write(SETTINGS, text);
        me.done(&CLAUDE);
        let hosts = me.ours().join("hosts");
        let record = std::fs::read_dir(&hosts).unwrap().next().unwrap().unwrap().path();
        damage(&record);
        let doctor = me.run(&["doctor"]);
        assert_eq!(doctor.status.code(), Some(1), "{doctor:?}");
        let done = me.done(&UNDO_CLAUDE);
        assert!(done["warnings"].to_string().contains(record.to_str().unwrap()), "{done}");
        assert_eq!((&done["changed"], &done["restored"]), (&true.into(), &false.into()));
        assert_eq!(me.read(SETTINGS), text.as_bytes());
        std::fs::remove_dir_all(&hosts).unwrap();
    }
}
