//! Codex, which runs a hook only after it was told to trust it.

use super::{Account, commands};

const CODEX: [&str; 3] = ["install", "codex", "--yes"];
const UNDO: [&str; 3] = ["uninstall", "codex", "--yes"];
const HOOKS: &str = ".codex/hooks.json";
const CONFIG: &str = ".codex/config.toml";

/// Answers as `codex app-server` does, as far as it is asked here. `DEAF` stands for a Codex that
/// goes on to trust nothing.
const FAKE: &str = r#"
import hashlib, json, os, sys
home = os.environ.get("CODEX_HOME") or os.path.join(os.environ["HOME"], ".codex")
config = os.path.join(home, "config.toml")
if sys.argv[1:] == ["--version"]:
    print("codex-cli 0.171.0"); sys.exit()

def text():
    return open(config).read() if os.path.exists(config) else ""

def entry(key, value):
    return '\n[hooks.state."%s"]\ntrusted_hash = "%s"\n' % (key, value)

def hooks():
    path = os.path.join(home, "hooks.json")
    if not os.path.exists(path) or "hooks = false" in text():
        return
    groups = json.load(open(path)).get("hooks", {}).get("PreToolUse", [])
    for g, group in enumerate(groups):
        for h, hook in enumerate(group["hooks"]):
            key = "%s:pre_tool_use:%d:%d" % (path, g, h)
            digest = "sha256:" + hashlib.sha256(hook["command"].encode()).hexdigest()
            trusted = entry(key, digest) in text() and "DEAF" not in os.environ
            yield {"key": key, "sourcePath": path, "command": hook["command"], "enabled": True,
                   "currentHash": digest, "trustStatus": "trusted" if trusted else "untrusted"}

for line in sys.stdin:
    said = json.loads(line)
    if "id" not in said:
        continue
    result = {}
    if said["method"] == "hooks/list":
        result = {"data": [{"hooks": list(hooks())}]}
    elif said["method"] == "config/batchWrite":
        for key, value in said["params"]["edits"][0]["value"].items():
            new = entry(key, value["trusted_hash"])
            if new not in text():
                open(config, "a").write(new)
    print(json.dumps({"method": "noise"}), flush=True)
    print(json.dumps({"id": said["id"], "result": result}), flush=True)
"#;

fn with_codex() -> Account {
    let me = Account::new();
    let itself = ["-c", "import sys; print(sys.executable)"];
    let python = std::process::Command::new("python3").args(itself).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    me.program("codex", &format!("#!{}\n{FAKE}", python.trim()));
    me
}

#[test]
fn trust_is_shown_recorded_and_taken_back() {
    let me = with_codex();
    me.write(CONFIG, "# mine\nmodel = \"x\"");
    let shown = me.done(&["install", "codex", "--dry-run"]);
    assert!(shown["changes"][1]["diff"].as_str().unwrap().contains("+trusted_hash = \"sha256:"));
    let done = me.done(&CODEX);
    assert_eq!((&done["trusted"], &done["version"]), (&true.into(), &"codex-cli 0.171.0".into()));
    assert_eq!(done["changes"], shown["changes"]);
    let config = String::from_utf8(me.read(CONFIG)).unwrap();
    assert!(config.contains(&format!("{}:pre_tool_use:0:0", me.path(HOOKS).display())), "{config}");
    let hooks = String::from_utf8(me.read(HOOKS)).unwrap();
    assert!(!hooks.contains("onFailure") && commands(hooks.as_bytes()).len() == 1);
    assert_eq!(me.done(&CODEX)["changed"], false);
    assert_eq!(me.done(&UNDO)["restored"], true);
    assert_eq!(me.read(CONFIG), b"# mine\nmodel = \"x\"");
    assert!(!me.path(HOOKS).exists());
}

#[test]
fn trust_that_is_missing_is_recorded_again() {
    let me = with_codex();
    me.write(CONFIG, "");
    me.done(&CODEX);
    me.write(CONFIG, "a = 1\n");
    let done = me.done(&CODEX);
    assert_eq!(done["changes"].as_array().unwrap().len(), 1);
    assert_eq!(done["trusted"], true);
    me.done(&UNDO);
    assert_eq!(me.read(CONFIG), b"a = 1\n");
    assert!(!me.path(HOOKS).exists());
}

#[test]
fn from_a_configuration_that_was_changed_since_only_the_trust_is_taken() {
    let me = with_codex();
    me.write(CONFIG, "a = 1\n");
    me.done(&CODEX);
    let config = String::from_utf8(me.read(CONFIG)).unwrap();
    me.write(CONFIG, format!("{config}\n[tui]\nb = 2\n"));
    assert_eq!(me.done(&UNDO)["restored"], false);
    assert_eq!(me.read(CONFIG), b"a = 1\n\n[tui]\nb = 2\n");
}

#[test]
fn where_codex_does_not_trust_it_after_all_everything_is_taken_back() {
    let me = with_codex();
    me.write(CONFIG, "a = 1\n");
    me.write(HOOKS, "{\"hooks\":{}}");
    let output = me.command(&CODEX).env("DEAF", "1").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("does not trust it") && error.contains("[probe]"), "{error}");
    assert_eq!(me.read(CONFIG), b"a = 1\n");
    assert_eq!(me.read(HOOKS), b"{\"hooks\":{}}");
    assert!(!me.ours().join("hosts").exists());
}

#[test]
fn without_codex_the_person_is_told_the_step() {
    let me = Account::new();
    let done = me.done(&CODEX);
    assert!(done["trusted"].is_null() && done["program"].is_null());
    assert!(done["next"][0].as_str().unwrap().contains("/hooks"), "{done}");
    assert_eq!(commands(&me.read(HOOKS)).len(), 1);
    assert!(!me.path(CONFIG).exists());
    me.done(&UNDO);
    assert!(!me.path(".codex").exists());
}

#[test]
fn a_codex_that_cannot_be_asked_is_told_of() {
    let me = Account::new();
    me.program("codex", "#!/bin/sh\necho codex-cli 0.1.0\n");
    let done = me.done(&CODEX);
    assert!(done["warnings"].to_string().contains("cannot be asked"), "{done}");
    assert!(done["next"][0].as_str().unwrap().contains("/hooks"));
}

#[test]
fn where_codex_reads_no_hooks_nothing_is_installed_for_show() {
    let me = with_codex();
    me.write(CONFIG, "[features]\nhooks = false\n");
    let (code, message, exit) = me.fails(&CODEX);
    assert_eq!((code.as_str(), exit), ("install", 1));
    assert!(message.contains("reads no hooks"), "{message}");
    assert!(!me.path(HOOKS).exists() && !me.ours().exists());
}
