use super::Places;
use super::facts::{Facts, File, Found, Off, of};
use super::judge::judge;
use super::record::Record;
use crate::commands::doctor::check::{Check, State};
use crate::hosts::codex::Listed;
use countersign_hosts::settings::{Entry, Line};
use countersign_hosts::{Event, Host};
use std::path::Path;

fn found() -> Found {
    Found {
        event: Event::PreToolUse,
        entry: Entry { command: "/b/countersign hook codex".into(), timeout: 600, closes: true },
        line: Some(Line {
            binary: "/b/countersign".into(),
            home: Some("/h".into()),
            timeout: Some(600),
            whole: true,
        }),
        binary: Ok("aa".into()),
        door: None,
        same: true,
        home: true,
    }
}

fn file(entries: Vec<Found>) -> File {
    let ours = !entries.is_empty();
    let others = Vec::new();
    File { path: "/s".into(), entries: Ok(entries), ours, others, open: false, counts: true }
}

/// Before every event of Claude Code.
fn both() -> Vec<Found> {
    vec![found(), Found { event: Event::PreSkillShellCommand, ..found() }]
}

fn claude() -> Facts {
    let sha256 = Some("aa".into());
    Facts {
        host: Host::ClaudeCode,
        version: Some(Ok("2.1.332 (Claude Code)".into())),
        user: Some("/s".into()),
        files: vec![file(both())],
        records: vec![Record { host: "claude-code".into(), file: "/s".into(), sha256 }],
        off: Vec::new(),
        listed: None,
    }
}

fn listed(command: &str, trust: &str, enabled: bool) -> Listed {
    let (command, trust) = (command.into(), trust.into());
    let (event, path) = ("preToolUse".into(), "/c".into());
    Listed { key: "k".into(), path, command, event, hash: "h".into(), trust, enabled }
}

fn codex(trust: &str, enabled: bool) -> Facts {
    let listed = listed("/b/countersign hook codex", trust, enabled);
    let mut facts = Facts { host: Host::Codex, listed: Some(Ok(vec![listed])), ..claude() };
    facts.version = Some(Ok("codex-cli 0.171.0".into()));
    facts.files = vec![file(vec![found()])];
    facts
}

fn judged(facts: &Facts) -> Vec<Check> {
    judge(Path::new("/h"), facts)
}

fn worst(facts: &Facts) -> State {
    judged(facts).iter().map(|check| check.state).max().unwrap()
}

#[test]
fn a_hook_as_it_was_installed_is_well() {
    assert_eq!(worst(&claude()), State::Ok);
    assert_eq!(worst(&codex("trusted", true)), State::Ok);
    assert_eq!(worst(&codex("managed", true)), State::Ok);
}

#[test]
fn attack_46_a_removed_hook_fails_and_names_its_file() {
    for files in [vec![file(Vec::new())], Vec::new()] {
        let checks = judged(&Facts { files, ..claude() });
        assert_eq!(checks[0].state, State::Fail);
        assert!(checks[0].found.contains("`/s`"), "{checks:?}");
        let fix = checks[0].fix.as_deref();
        assert_eq!(fix, Some("countersign --home /h install claude-code"));
    }
}

type Change = fn(&mut Facts);

#[test]
fn each_change_of_an_installed_hook_fails() {
    let changes: [(&str, Change); 14] = [
        ("replaceable", |f| one(f).door = Some("x".into())),
        ("not read here", |f| f.files[0].counts = false),
        ("unreadable", |f| f.files[0].entries = Err("line 1".into())),
        ("before some tools", |f| f.files[0] = File { ours: true, ..file(Vec::new()) }),
        ("twice", |f| f.files[0] = file([both(), both()].concat())),
        ("open to others", |f| f.files[0].open = true),
        ("another line", |f| one(f).line = None),
        ("no binary", |f| one(f).binary = Err("gone".into())),
        ("another binary", |f| one(f).binary = Ok("bb".into())),
        ("no home", |f| one(f).home = false),
        ("open on failure", |f| one(f).line.as_mut().unwrap().whole = false),
        ("no block", |f| one(f).entry.closes = false),
        ("another time", |f| one(f).entry.timeout = 30),
        ("switched off", |f| f.off.push(Off { said: "x".into(), fix: "y".into() })),
    ];
    for (what, change) in changes {
        let mut facts = claude();
        change(&mut facts);
        assert_eq!(worst(&facts), State::Fail, "{what}: {:?}", judged(&facts));
    }
}

fn one(facts: &mut Facts) -> &mut Found {
    &mut facts.files[0].entries.as_mut().unwrap()[0]
}

#[test]
fn an_older_host_is_not_asked_for_what_it_does_not_know() {
    let mut facts = claude();
    one(&mut facts).entry.closes = false;
    facts.files[0].entries.as_mut().unwrap().pop();
    facts.version = Some(Ok("2.1.294 (Claude Code)".into()));
    let checks = judged(&facts);
    assert_eq!((checks.len(), checks[0].state), (1, State::Warn), "{checks:?}");
    assert!(checks[0].found.contains("a skill's text"), "{checks:?}");
    facts.version = Some(Ok("something new".into()));
    assert_eq!(worst(&facts), State::Fail);
}

#[test]
fn attack_46_what_is_wrong_before_one_event_is_said_with_its_name() {
    for (n, event) in [Event::PreToolUse, Event::PreSkillShellCommand].into_iter().enumerate() {
        let mut removed = claude();
        removed.files[0].entries.as_mut().unwrap().remove(n);
        let mut changed = claude();
        changed.files[0].entries.as_mut().unwrap()[n].line = None;
        for facts in [removed, changed] {
            let checks = judged(&facts);
            assert_eq!((checks.len(), checks[0].state), (1, State::Fail), "{checks:?}");
            let named = format!("`{}`", event.name());
            assert!(checks[0].found.contains(&named), "{checks:?}");
            let fix = checks[0].fix.as_deref();
            assert_eq!(fix, Some("countersign --home /h install claude-code"));
        }
    }
    let mut both = claude();
    for found in both.files[0].entries.as_mut().unwrap() {
        found.home = false;
    }
    assert_eq!(judged(&both).len(), 1, "the same is said once");
}

#[test]
fn a_host_that_does_not_trust_the_hook_fails() {
    for (trust, enabled) in [
        ("untrusted", true),
        ("modified", true),
        ("", true),
        ("new word", true),
        ("trusted", false),
    ] {
        assert_eq!(worst(&codex(trust, enabled)), State::Fail, "{trust} {enabled}");
    }
    let mute = Facts { listed: Some(Err("no".into())), ..codex("trusted", true) };
    assert_eq!(worst(&mute), State::Fail);
    let unlisted = Facts { listed: Some(Ok(Vec::new())), ..codex("trusted", true) };
    assert_eq!(worst(&unlisted), State::Fail);
    let fix = judged(&unlisted)[0].fix.clone().unwrap();
    assert!(fix.starts_with("take `hooks = false`"), "to install is refused then: {fix}");
}

#[test]
fn a_host_without_a_hook_warns_and_no_host_is_skipped() {
    let bare = Facts { files: Vec::new(), records: Vec::new(), ..claude() };
    assert_eq!(worst(&bare), State::Warn);
    assert_eq!(worst(&Facts { version: None, ..bare }), State::Skipped);
    let unrecorded = Facts { records: Vec::new(), ..claude() };
    assert_eq!(worst(&unrecorded), State::Warn);
    let mut other = unrecorded;
    one(&mut other).same = false;
    assert!(judged(&other)[0].found.contains("`/b/countersign` is not this one"));
}

#[test]
fn a_host_that_does_not_answer_fails() {
    assert_eq!(worst(&Facts { version: Some(Err("late".into())), ..claude() }), State::Fail);
}

#[test]
fn attack_11_another_hook_that_may_edit_is_named_with_its_file() {
    let mut facts = claude();
    facts.files.push(File {
        path: "/p".into(),
        others: vec!["lint $x".into()],
        ..file(Vec::new())
    });
    let checks = judged(&facts);
    let states: Vec<State> = checks.iter().map(|check| check.state).collect();
    assert_eq!(states, [State::Ok, State::Warn], "{checks:?}");
    assert!(checks[1].found.starts_with("`lint $x` in `/p` is another hook"), "{checks:?}");
    let mut facts = codex("trusted", true);
    let others = [("a", "trusted", true), ("b", "untrusted", true), ("c", "trusted", false)];
    let others = others.map(|(command, trust, enabled)| listed(command, trust, enabled));
    facts.listed.as_mut().unwrap().as_mut().unwrap().extend(others);
    let checks = judged(&facts);
    assert_eq!(checks.len(), 2, "only what Codex runs: {checks:?}");
    assert!(checks[1].found.starts_with("`a` in `/c`"), "{checks:?}");
    let none =
        Facts { files: vec![File { others: vec!["x".into()], ..file(Vec::new()) }], ..claude() };
    assert!(judged(&none).iter().all(|check| !check.found.contains("another hook")));
}

#[test]
fn what_is_wrong_with_a_projects_hook_is_mended_in_the_project() {
    let mut facts = claude();
    facts.records[0].file = "/a b/.claude/settings.json".into();
    let checks = judged(&facts);
    let fix = "cd '/a b' && countersign --home /h install claude-code --project";
    assert_eq!(checks[0].fix.as_deref(), Some(fix), "{checks:?}");
    facts.user = Some("/a b/.claude/settings.json".into());
    let fix = "countersign --home /h install claude-code";
    assert_eq!(judged(&facts)[0].fix.as_deref(), Some(fix));
}

/// A machine on which nothing is.
fn places(dir: &Path) -> Places {
    Places {
        root: dir.join("h"),
        workspace: dir.join("w"),
        cwd: dir.join("w/sub"),
        user: Some(dir.join("u")),
        claude: None,
        codex: None,
        path: None,
        switches: Vec::new(),
        managed: dir.join("m"),
    }
}

#[tokio::test]
async fn attack_46_settings_of_every_scope_that_switch_hooks_off_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let places = places(dir.path());
    for (file, text, off) in [
        ("u/.claude/settings.json", "{\"env\":{\"CLAUDE_CODE_SIMPLE\":\"1\"}}", true),
        ("w/.claude/settings.json", "{\"env\":{\"CLAUDE_CODE_SHELL_PREFIX\":\"/x\"}}", true),
        ("w/.claude/settings.local.json", "\u{feff}{\"disableAllHooks\":true}", true),
        ("w/sub/.claude/settings.json", "{\"disableAllHooks\":true}", true),
        ("w/sub/.claude/settings.local.json", "{\"disableAllHooks\":true}", true),
        ("w/.claude/settings.json", "{\"allowManagedHooksOnly\":true}", false),
        ("m/managed-settings.json", "{\"allowManagedHooksOnly\":true}", true),
        ("m/managed-settings.json", "{\"strictPluginOnlyCustomization\":[\"hooks\"]}", true),
        ("m/managed-settings.d/10.json", "{\"allowManagedHooksOnly\":true}", true),
        ("m/managed-settings.d/10.json", "{\"disableAllHooks\":true}", true),
        ("m/managed-settings.d/10.json", "{\"env\":{\"CLAUDE_CODE_SAFE_MODE\":\"1\"}}", true),
        ("m/managed-settings.d/10.txt", "{\"disableAllHooks\":true}", false),
    ] {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let found = of(Host::ClaudeCode, &places, &[]).await.unwrap().off;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(!found.is_empty(), off, "{file} {text}");
        assert!(found.iter().all(|one| one.said.contains(file)), "{found:?}");
    }
}
