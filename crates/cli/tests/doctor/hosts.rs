//! The hooks of the hosts.

use super::{Patient, mode};
use std::path::PathBuf;

const CLAUDE: &str = "#!/bin/sh\necho '2.1.332 (Claude Code)'\n";

impl Patient {
    fn settings(&self) -> PathBuf {
        self.world.path("account").join(".claude/settings.json")
    }

    /// With the hook of Claude Code installed.
    fn hooked() -> Self {
        let patient = Self::paired();
        patient.program("claude", CLAUDE);
        patient.run(&["install", "claude-code", "--yes"]);
        patient
    }
}

#[test]
fn an_installed_hook_is_well() {
    let said = Patient::hooked().doctor();
    said.check("hook claude-code", "ok");
    said.check("hook codex", "skipped");
    assert_eq!(said.exit, 0, "{:#}", said.document);
}

#[test]
fn a_host_without_our_hook_warns_with_the_line_that_installs_it() {
    let patient = Patient::paired();
    patient.program("claude", CLAUDE);
    let said = patient.doctor();
    let check = said.check("hook claude-code", "warn");
    assert!(check["fix"].as_str().unwrap().ends_with("install claude-code"), "{check}");
    assert_eq!(said.exit, 0);
}

#[test]
fn attack_46_a_removed_hook_is_named_with_its_file() {
    let patient = Patient::hooked();
    let file = patient.settings();
    std::fs::write(&file, "{}").unwrap();
    patient.doctor().fails("hook claude-code", file.to_str().unwrap());
    std::fs::remove_file(&file).unwrap();
    patient.doctor().fails("hook claude-code", "removed");
}

#[test]
fn attack_46_a_hook_that_is_removed_from_before_one_event_is_named_with_it() {
    let patient = Patient::hooked();
    let file = patient.settings();
    let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for event in ["PreToolUse", "PreSkillShellCommand"] {
        let (mut removed, mut changed) = (whole.clone(), whole.clone());
        removed["hooks"].as_object_mut().unwrap().remove(event).unwrap();
        changed["hooks"][event][0]["matcher"] = "Read".into();
        for settings in [removed, changed] {
            std::fs::write(&file, settings.to_string()).unwrap();
            let said = patient.doctor();
            said.fails("hook claude-code", event);
            let fix = said.check("hook claude-code", "fail")["fix"].clone();
            assert!(fix.as_str().unwrap().ends_with("install claude-code"), "{fix}");
        }
    }
    patient.run(&["install", "claude-code", "--yes"]);
    patient.doctor().check("hook claude-code", "ok");
}

#[test]
fn attack_46_each_change_of_an_installed_hook_fails() {
    let patient = Patient::hooked();
    let file = patient.settings();
    let whole = std::fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("exit 2", "exit 0"),
        ("[ $? -eq 2 ] || ", ""),
        ("\"*\"", "\"Read\""),
        ("\"block\"", "\"continue\""),
        ("hook claude-code", "hook codex"),
        ("--timeout 600", "--timeout 900"),
        ("\"hooks\"", "\"disableAllHooks\": true,\n\"hooks\""),
        ("/enforcer", "/nowhere"),
        ("/countersign'", "/gone/countersign'"),
        ("{", "{{"),
        ("{", "{\"model\": 5,"),
        ("\"PreToolUse\": [", "\"PreToolUse\": [{\"hooks\": [{\"type\": \"command\"}]},"),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}: {whole}");
        std::fs::write(&file, changed).unwrap();
        patient.doctor().fails("hook claude-code", "");
    }
    std::fs::write(&file, whole).unwrap();
    mode(&file, 0o666);
    patient.doctor().fails("hook claude-code", "other users");
}

#[test]
fn attack_11_a_hook_of_somebody_else_is_told_of() {
    let patient = Patient::paired();
    patient.program("claude", CLAUDE);
    let file = patient.settings();
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let other = r#"{"hooks":[{"type":"command","command":"edit-it \u202e"}]}"#;
    let text = format!("{{\"hooks\":{{\"PreToolUse\":[{other}],\"Stop\":[{other}]}}}}");
    std::fs::write(&file, text).unwrap();
    patient.run(&["install", "claude-code", "--yes"]);
    let said = patient.doctor();
    said.check("hook claude-code", "ok");
    let check = said.check("hook claude-code", "warn");
    let found = check["found"].as_str().unwrap();
    assert!(found.contains("edit-it") && found.contains(file.to_str().unwrap()), "{check}");
    assert!(check["fix"].as_str().is_some());
    let output = patient.command(&["doctor"]).output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains('\u{202e}'));
    assert_eq!(said.exit, 0, "{:#}", said.document);
}

#[test]
fn attack_46_a_program_that_is_not_the_installed_one_fails() {
    let patient = Patient::hooked();
    for entry in std::fs::read_dir(patient.home().join("hosts")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(at) = text.find("\"binarySha256\":\"") else { continue };
        let digest = text[at + 16..at + 80].to_owned();
        std::fs::write(&path, text.replace(&digest, &"0".repeat(64))).unwrap();
    }
    patient.doctor().fails("hook claude-code", "not the one that was installed");
}

#[test]
fn attack_46_the_program_in_the_line_is_looked_at_as_its_own() {
    let patient = Patient::hooked();
    let dir = patient.world.path("bin");
    let copy = dir.join("countersign");
    let binary = crate::common::BINARY;
    std::fs::copy(binary, &copy).unwrap();
    let text = std::fs::read_to_string(patient.settings()).unwrap();
    std::fs::write(patient.settings(), text.replace(binary, copy.to_str().unwrap())).unwrap();
    patient.doctor().check("hook claude-code", "ok");
    mode(&copy, 0o777);
    patient.doctor().fails("hook claude-code", "may write to");
    mode(&copy, 0o755);
    mode(&dir, 0o777);
    patient.doctor().fails("hook claude-code", "may replace");
    mode(&dir, 0o755);
    mode(&copy, 0o644);
    patient.doctor().fails("hook claude-code", "no program");
    mode(&copy, 0o755);
    std::fs::remove_dir_all(patient.home().join("hosts")).unwrap();
    std::fs::write(&copy, "#!/bin/sh\nexit 0\n").unwrap();
    patient.doctor().check("hook claude-code", "warn");
}

#[test]
fn attack_46_a_variable_that_switches_hooks_off_fails() {
    let patient = Patient::hooked();
    for name in ["CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE", "CLAUDE_CODE_SHELL_PREFIX"] {
        let mut command = patient.command(&["doctor", "--json"]);
        let output = command.env(name, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stdout).contains(name));
        let settings = patient.settings();
        let whole = std::fs::read_to_string(&settings).unwrap();
        let env = format!("{{\"env\": {{\"{name}\": \"1\"}},");
        std::fs::write(&settings, whole.replacen('{', &env, 1)).unwrap();
        patient.doctor().fails("hook claude-code", name);
        std::fs::write(&settings, whole).unwrap();
    }
}

#[test]
fn a_hook_that_codex_does_not_trust_fails() {
    let patient = Patient::paired();
    let line = format!(
        "'/bin/countersign' hook codex --home '{}' --timeout 600 || {{ exit 2; }}",
        patient.home().display()
    );
    let dir = patient.world.path("account").join(".codex");
    std::fs::create_dir(&dir).unwrap();
    let handler = format!(r#"{{"type":"command","command":"{line}","timeout":600}}"#);
    let hooks = format!(r#"{{"hooks":{{"PreToolUse":[{{"matcher":"*","hooks":[{handler}]}}]}}}}"#);
    std::fs::write(dir.join("hooks.json"), hooks).unwrap();
    for (trust, failed) in [("untrusted", true), ("modified", true), ("trusted", false)] {
        let hook = serde_json::json!({
            "command": line, "eventName": "preToolUse", "enabled": true, "trustStatus": trust,
        });
        let answer = serde_json::json!({"id": 2, "result": {"data": [{"hooks": [hook]}]}});
        std::fs::write(patient.world.path("answer"), format!("{answer}\n")).unwrap();
        patient.program("codex", &fake(&patient.world.path("answer")));
        let said = patient.doctor();
        let text = said.document.to_string();
        assert_eq!(text.contains("does not trust the hook"), failed, "{trust}: {text}");
        if failed {
            said.fails("hook codex", "");
        }
    }
}

/// Answers as `codex` does, as far as it is asked.
fn fake(answer: &std::path::Path) -> String {
    format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'codex-cli 0.171.0'; exit; fi\n\
         while read -r line; do case $line in\n\
         *'\"initialize\"'*) echo '{{\"id\":1,\"result\":{{}}}}';;\n\
         *hooks/list*)\n\
         while read -r said; do printf '%s\\n' \"$said\"; done < '{}';; esac; done\n",
        answer.display()
    )
}
