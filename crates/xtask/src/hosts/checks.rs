//! What must hold, whatever the host.

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::Host;
use super::script::{Script, Tool};
use super::session::{self, Heard, Kind, Mode};
use super::world::{BLOCKED, World};
use crate::Outcome;

/// A check: its name, and what it does.
type Check = (&'static str, fn(&World) -> Outcome);

/// In this order: the last ones take the hook's program away.
const CHECKS: [Check; 15] = [
    ("what the policy allows runs", allowed),
    ("what it blocks does not run, and the model hears why", |w| blocked(w, Mode::Careful)),
    ("nor where the host skips its permissions", |w| blocked(w, Mode::Bypass)),
    ("what a person approves runs once", |w| approved(w, Mode::Bypass)),
    ("also with the host's own permissions", |w| approved(w, Mode::Careful)),
    ("what a person denies does not run, and the model hears why", denied),
    ("what nobody answered goes on when it is repeated", repeated),
    ("a sub-agent's tool is held", helper),
    ("an MCP server's tool is held", server),
    ("an edit is held", edit),
    ("a tool in the background, or from a script, is held", aside),
    ("a denial behind something else that is printed blocks", |w| broken(w, Some(NOISY))),
    ("a hook that is killed blocks", |w| broken(w, Some("#!/bin/sh\nkill -s KILL $$\n"))),
    ("a hook that says nonsense and fails blocks", |w| {
        broken(w, Some("#!/bin/sh\necho nonsense\nexit 1\n"))
    }),
    ("a hook that is gone blocks", |w| broken(w, None)),
];

/// What the hook's process says where the shell, or what it reads first, prints a line before.
const NOISY: &str = "#!/bin/sh
echo noise
echo '{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\",\"permissionDecision\":\"deny\",\
\"permissionDecisionReason\":\"not now\"}}'
echo 'not now' >&2
exit 2
";

/// Every check of one host, and what came of it.
pub(super) fn all(
    host: Host,
    binary: &Path,
) -> Result<impl Iterator<Item = (&'static str, Outcome)>, String> {
    let world = World::new(host, binary)?;
    // Only Claude Code has such lines.
    let skill: Check = ("the shell line in a skill's text is held", skill);
    let skill = (host == Host::ClaudeCode).then_some(skill);
    let late: Check =
        ("a hook that never answers blocks", |w| broken(w, Some("#!/bin/sh\nexec sleep 60\n")));
    // Codex has no way to refuse by itself: docs/hosts/codex.md.
    let late = (host == Host::ClaudeCode).then_some(late);
    let last: Check = ("taken out, nothing is held and the settings are as before", removed);
    let checks = skill.into_iter().chain(CHECKS).chain(late).chain([last]);
    Ok(checks.map(move |(name, check)| (name, check(&world))))
}

fn allowed(world: &World) -> Outcome {
    let heard = plain(world, Mode::Careful, Tool::Shell("cat note.txt".into()))?;
    heard.says("a note")
}

fn blocked(world: &World, mode: Mode) -> Outcome {
    let heard = plain(world, mode, Tool::Shell("touch blocked".into()))?;
    absent(world, "blocked")?;
    heard.says(BLOCKED)
}

fn approved(world: &World, mode: Mode) -> Outcome {
    let file = format!("approved-{mode:?}");
    let tool = Tool::Shell(format!("echo ran >> {file}"));
    let _heard = meanwhile(world, &["approve"], || plain(world, mode, tool))?;
    holds(world, &file, "ran\n")
}

fn denied(world: &World) -> Outcome {
    let tool = Tool::Shell("echo ran >> denied".into());
    let answer = ["deny", "--message", "not on a Friday"];
    let heard = meanwhile(world, &answer, || plain(world, Mode::Bypass, tool))?;
    absent(world, "denied")?;
    heard.says("not on a Friday")
}

/// Nobody answers in time, then somebody does, and the model calls the same tool again.
fn repeated(world: &World) -> Outcome {
    let person = world.person();
    let answered = std::sync::Arc::new(Mutex::new(Err("the model called it once".to_owned())));
    let told = std::sync::Arc::clone(&answered);
    let between = move || {
        let came = person(&["approve"]);
        if let Ok(mut told) = told.lock() {
            *told = came;
        }
    };
    let script = Script::twice(Tool::Shell("echo ran >> repeated".into()), between);
    let heard = session::run(world, Mode::Bypass, Kind::Plain, script)?;
    heard.says("still pending")?;
    answered.lock().map_err(|e| e.to_string())?.clone()?;
    holds(world, "repeated", "ran\n")
}

/// A person allows the helper, which is not to allow what it does.
fn helper(world: &World) -> Outcome {
    let script = Script::by_helper(Tool::Shell("touch by-helper".into()));
    let heard =
        meanwhile(world, &["approve"], || session::run(world, Mode::Bypass, Kind::Plain, script))?;
    absent(world, "by-helper")?;
    heard.says(BLOCKED)
}

fn server(world: &World) -> Outcome {
    held(world, Kind::Plain, "by-server", |path| Tool::Mark(path.to_owned()))
}

fn edit(world: &World) -> Outcome {
    held(world, Kind::Edits, "by-edit", |path| Tool::Write(path.to_owned()))
}

fn skill(world: &World) -> Outcome {
    let script = Script::of(vec![Tool::Shell("cat note.txt".into())]);
    let heard = session::run(world, Mode::Bypass, Kind::Skill, script)?;
    absent(world, "by-skill")?;
    heard.says("a note")
}

fn aside(world: &World) -> Outcome {
    held(world, Kind::Scripts, "aside", |path| Tool::Aside(format!("touch {path}")))
}

fn held(world: &World, kind: Kind, file: &str, tool: impl Fn(&str) -> Tool) -> Outcome {
    let path = world.work(file).display().to_string();
    let script = Script::of(vec![tool(&path)]);
    let heard = session::run(world, Mode::Bypass, kind, script)?;
    absent(world, file)?;
    heard.says(BLOCKED)
}

/// Another program stands where the hook's line expects ours, or none does. What would have been
/// allowed does not run either.
fn broken(world: &World, program: Option<&str>) -> Outcome {
    world.replace_hook(program)?;
    let heard = plain(world, Mode::Bypass, Tool::Shell("cat note.txt; echo ran > broken".into()))?;
    absent(world, "broken")?;
    heard.says("a note").map_or(Ok(()), |()| Err("the tool ran".into()))
}

/// A person answers the one request that comes while a host runs.
fn meanwhile(
    world: &World,
    answer: &[&str],
    run: impl FnOnce() -> Result<Heard, String>,
) -> Result<Heard, String> {
    thread::scope(|scope| {
        let person = scope.spawn(|| world.answer(answer));
        let heard = run();
        person.join().unwrap_or_else(|_| Err("the person fell over".into()))?;
        heard
    })
}

/// Shows too that the checks above see a tool that runs.
fn removed(world: &World) -> Outcome {
    world.uninstall()?;
    let script = Script::of(vec![Tool::Shell("touch removed".into())]);
    let _heard = session::run(world, Mode::Bypass, Kind::Skill, script)?;
    let skill = (world.host == Host::ClaudeCode).then_some("by-skill");
    for file in ["removed"].into_iter().chain(skill) {
        if !world.work(file).exists() {
            return Err(format!("something still holds its tools: no `{file}`"));
        }
    }
    world.is_as_before()
}

fn plain(world: &World, mode: Mode, tool: Tool) -> Result<Heard, String> {
    session::run(world, mode, Kind::Plain, Script::of(vec![tool]))
}

fn absent(world: &World, file: &str) -> Outcome {
    if world.work(file).exists() { Err(format!("it ran: `{file}` is there")) } else { Ok(()) }
}

fn holds(world: &World, file: &str, text: &str) -> Outcome {
    let found = std::fs::read_to_string(world.work(file));
    match found {
        Ok(found) if found == text => Ok(()),
        found => Err(format!("`{file}` is {found:?}")),
    }
}
