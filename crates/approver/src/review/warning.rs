//! What a reader might miss.

use super::text::{quoted, step};
use crate::open::Opened;
use countersign_core::action::{Action, Command};
use countersign_core::display::{has_deceptive, mixes_scripts};
use countersign_core::redact::{Commitment, Text, commitments};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something unusual about a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// Which kind.
    pub code: WarningCode,
    /// In words, safe to show.
    pub text: String,
}

/// The kinds of warning, for programs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// Control characters, bidirectional marks or invisible characters.
    DeceptiveText,
    /// Letters of several scripts that look alike in one word.
    MixedScripts,
    /// A shell gets a program as an argument: all of it runs.
    ShellLine,
    /// The program is told another name than its file has.
    OtherName,
    /// A variable that changes what the program does or loads.
    Environment,
    /// A value is committed to and was not disclosed to this device.
    Hidden,
    /// A note of the enforcer, such as what could not be pinned.
    Note,
    /// Not an action of ours: nothing here will run it or bind a run to it.
    Foreign,
    /// No route: the request does not say whose answer counts.
    NoRoute,
    /// No head of the ledger: an answer witnesses nothing.
    NoHead,
}

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"];

pub(super) fn all(opened: &Opened, action: Option<&Action>) -> Vec<Warning> {
    let mut found = Found(Vec::new());
    let payload = Value::Object(opened.artifact().payload.clone());
    match action {
        None => found.add(WarningCode::Foreign, "another system's request: not run by this one"),
        Some(action) => found.action(action),
    }
    found.deceptive(&payload, "");
    found.disclosed(opened, &payload);
    found.context(opened);
    if opened.route().is_none() {
        found.add(WarningCode::NoRoute, "it does not say whose answer counts");
    }
    if opened.head().is_none() {
        found.add(WarningCode::NoHead, "no head of the ledger: your answer witnesses no log");
    }
    found.0
}

struct Found(Vec<Warning>);

impl Found {
    fn add(&mut self, code: WarningCode, text: impl Into<String>) {
        self.0.push(Warning { code, text: text.into() });
    }

    /// Commands in a batch are looked at like any other; the other kinds run nothing here.
    fn action(&mut self, action: &Action) {
        match action {
            Action::Command(command) => self.command(command),
            Action::Batch(batch) => batch.items().iter().for_each(|item| self.action(item)),
            Action::Tool(_)
            | Action::Http(_)
            | Action::Patch(_)
            | Action::Checkpoint(_)
            | Action::Plan(_)
            | Action::Task(_)
            | Action::Request(_) => {}
        }
    }

    fn command(&mut self, command: &Command) {
        let file = name(&command.program.path);
        let called = command.argv.first().and_then(Text::plain).map(name);
        if called.is_some_and(|called| called != file) {
            let path = quoted(&command.program.path);
            self.add(WarningCode::OtherName, format!("the file that runs is {path}"));
        }
        if has_shell_line(file, &command.argv) {
            self.add(WarningCode::ShellLine, "a shell line: every part of it runs");
        }
        for variable in command.env.keys().filter(|name| changes_programs(name)) {
            let text = format!("the variable {} changes what programs load", step(variable));
            self.add(WarningCode::Environment, text);
        }
    }

    /// Looks at every key and every string of a value.
    fn deceptive(&mut self, value: &Value, place: &str) {
        match value {
            Value::String(text) => self.text(text, place),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(i, item)| self.deceptive(item, &format!("{place}/{i}"))),
            Value::Object(members) => members.iter().for_each(|(key, item)| {
                let place = format!("{place}/{}", step(key));
                self.text(key, &place);
                self.deceptive(item, &place);
            }),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, place: &str) {
        if has_deceptive(text) {
            let text =
                format!("{place} holds invisible or misleading characters, shown as escapes");
            self.add(WarningCode::DeceptiveText, text);
        }
        if mixes_scripts(text) {
            let text = format!("{place} mixes letters of several scripts that look alike");
            self.add(WarningCode::MixedScripts, text);
        }
    }

    fn disclosed(&mut self, opened: &Opened, payload: &Value) {
        for (path, commitment) in commitments(payload) {
            self.commitment(opened, &path, &commitment);
        }
    }

    fn commitment(&mut self, opened: &Opened, path: &str, commitment: &Commitment) {
        match opened.disclosed(path, commitment) {
            Some(value) => self.deceptive(value, &quoted(path)),
            None => {
                let text = format!("the value at {} is hidden from you", quoted(path));
                self.add(WarningCode::Hidden, text);
            }
        }
    }

    fn context(&mut self, opened: &Opened) {
        let context = opened.context();
        for (place, text) in [
            ("the principal", &context.principal),
            ("the host", &context.host),
            ("the workspace", &context.workspace),
            ("the agent's name", &context.agent),
            ("the agent's session", &context.session),
            ("the description", &context.description),
            ("the reasoning", &context.reasoning),
        ] {
            text.iter().for_each(|text| self.text(text, place));
        }
        for note in &context.notes {
            self.add(WarningCode::Note, format!("the enforcer notes: {}", quoted(note)));
        }
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a shell stands anywhere in the command, also behind `env` or `xargs`, and a later
/// argument is a flag with a `c`. A hint for the reader, not a judgement: it may see too many.
fn has_shell_line(program: &str, argv: &[Text]) -> bool {
    let is_shell = |text: &str| SHELLS.contains(&name(text));
    let is_flag =
        |text: &str| text.starts_with('-') && !text.starts_with("--") && text.contains('c');
    let words = std::iter::once(program).chain(argv.iter().filter_map(Text::plain));
    words.skip_while(|word| !is_shell(word)).any(is_flag)
}

fn changes_programs(name: &str) -> bool {
    matches!(name, "BASH_ENV" | "ENV" | "NODE_OPTIONS")
        || ["LD_", "PYTHON", "PERL5", "GIT_"].iter().any(|prefix| name.starts_with(prefix))
}
