//! Shell lines and programs with their arguments.

mod accounts;
mod agents;
mod args;
mod build;
mod builtins;
mod data;
mod deploy;
mod editors;
mod files;
mod git;
mod input;
mod interpreters;
mod network;
mod ours;
mod places;
mod reads;
mod remote;
mod search;
mod wrappers;

use super::report::Report;
use super::shell::{self, Known, Redirect, Script, Simple, UNKNOWN, Word};
use crate::facts::Place;
use countersign_core::action::Command;
use countersign_core::artifact::Risk;
use countersign_core::redact::Text;
use input::{Input, input_of, leads_the_shell};

/// How deep lines may stand within lines (`sh -c "sh -c …"`).
const MAX_LINES: u32 = 12;
/// How many programs one action may start.
const MAX_PROGRAMS: u32 = 150;
/// How many paths one action may name, and how long one may be, in bytes.
const MAX_PATHS: u32 = 300;
const MAX_PATH: usize = 4_096;
/// How many directories a line may change to.
const MAX_PLACES: usize = 6;

/// Programs that are looked for among the arguments of one that is not known.
const STARTED: [&str; 18] = [
    "claude",
    "codex",
    "rm",
    "rmdir",
    "shred",
    "dd",
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "sudo",
    "env",
    "xargs",
    "find",
    "chmod",
    "countersign",
    "mkfs",
];

/// What goes through an action and writes down what it finds.
pub(super) struct Judge<'a> {
    pub(super) report: Report,
    place: &'a Place,
    /// Where relative paths may begin. A directory that a line changes to is added: whether the
    /// change works is not known.
    cwds: Vec<String>,
    depth: u32,
    programs: u32,
    paths: u32,
    /// Whether lines are read by a shell that has the forms of bash.
    bash: bool,
    /// Whether a line holds quoted text that runs when it is computed with.
    code: bool,
    /// Whether a line speaks of us.
    named: bool,
}

/// One program with its arguments.
struct Call<'c> {
    /// Its name, without directories and version.
    name: &'c str,
    args: &'c [Word],
    /// As written.
    raw: &'c str,
    input: &'c Input,
}

/// What each room knows of programs. Each says whether it knows this one.
const ROOMS: [fn(&mut Judge<'_>, &Call<'_>) -> bool; 17] = [
    ours::judge,
    agents::judge,
    builtins::judge,
    wrappers::judge,
    interpreters::judge,
    git::judge,
    search::judge,
    files::judge,
    editors::judge,
    reads::judge,
    network::judge,
    remote::judge,
    deploy::judge,
    accounts::judge,
    build::judge,
    data::judge,
    builtins::nothing,
];

impl<'a> Judge<'a> {
    pub(super) fn new(place: &'a Place, report: Report) -> Self {
        // Where nobody says where a relative path begins, it is some directory below the root.
        let cwd = place.workspace.clone().unwrap_or_else(|| "/…".into());
        Self {
            report,
            place,
            cwds: vec![cwd],
            depth: 0,
            programs: 0,
            paths: 0,
            bash: false,
            code: false,
            named: false,
        }
    }

    /// A command: a program that is started with its arguments, in its environment.
    pub(super) fn command(&mut self, command: &Command) {
        self.cwds = vec![command.cwd.clone()];
        self.environment(command);
        let texts: Vec<Word> = command.argv.iter().map(word_of).collect();
        let raw: Vec<&str> = texts.iter().map(|word| word.text.as_str()).collect();
        let raw = raw.join(" ");
        let input = Input::Unknown;
        let program = &command.program.path;
        let told = texts.first().and_then(Word::known).unwrap_or_default();
        let args = texts.get(1..).unwrap_or_default();
        self.program(&Word::literal(program.as_str()), args, &raw, &input);
        if name_of(told) != name_of(program) {
            // A program may do another thing under another name.
            self.program(&Word::literal(name_of(told)), args, &raw, &input);
        }
        if command.stdin_sha256.is_some() {
            self.report.find(
                "standard input",
                "what it is given to read is not known",
                "shell_exec",
                Risk::Medium,
            );
        }
        if command.argv.iter().any(|text| text.plain().is_none()) {
            self.report.find(&raw, "a part of it is kept secret", "shell_exec", Risk::High);
        }
    }

    fn environment(&mut self, command: &Command) {
        for (name, value) in &command.env {
            if name == "PATH" {
                self.search(name, value.plain());
                continue;
            }
            let value = value.plain().unwrap_or("\0");
            if !value.is_empty() && (builtins::injects(name) || builtins::redirects(name)) {
                self.report.find(
                    name,
                    "a variable makes programs run something else",
                    "shell_exec",
                    Risk::High,
                );
            }
        }
    }

    /// Where programs are looked for. The entry is a part, and what is said of it goes by its place:
    /// others read the words, also where the value is hidden from them.
    fn search(&mut self, name: &str, path: Option<&str>) {
        let Some(path) = path else {
            let why = "where programs are looked for is not known";
            return self.report.find(name, why, "shell_exec", Risk::High);
        };
        let mut entries = path.split(':').zip(1_usize..);
        let open = entries.find(|(entry, _)| !places::is_search(entry, self.place));
        if let Some((entry, number)) = open {
            let why = format!("entry {number} of {name} is where anybody may put a program");
            let part = if entry.is_empty() { name } else { entry };
            self.report.find(part, &why, "shell_exec", Risk::High);
        }
    }

    /// A shell line and everything in it.
    pub(super) fn line(&mut self, text: &str) {
        if self.depth >= MAX_LINES {
            self.report.unreadable(text, "lines stand within lines too deep to be read");
            return;
        }
        self.depth += 1;
        let place = self.place;
        let moved = text.contains("cd") || text.contains("pushd") || text.contains("popd");
        let cwd = self.cwds.first().cloned().filter(|_| !moved && self.cwds.len() == 1);
        let known =
            Known { home: place.user_home.as_deref(), cwd: cwd.as_deref(), bash: self.bash };
        let script = shell::parse(text, known);
        self.code |= script.code;
        self.named |= Self::speaks_of_us(text);
        for why in &script.doubts {
            self.report.find(text, why, "shell_exec", Risk::High);
        }
        if let Some(why) = script.broken {
            self.report.unreadable(text, why);
        }
        for simple in &script.commands {
            self.simple(&script, simple);
        }
        if script.commands.is_empty() && script.broken.is_none() {
            let nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            if text.trim().is_empty() {
                // Whoever made the action did not say what runs.
                self.report.unreadable("an empty line", "it names nothing to run");
            } else if text.split('\n').all(nothing) {
                self.report.find(text, "it does nothing", "file_read", Risk::Low);
            } else {
                self.report.unreadable(text, "it holds signs and no command");
            }
        }
        self.depth -= 1;
    }

    fn simple(&mut self, script: &Script, simple: &Simple) {
        self.assignments(&simple.raw, &simple.assignments, !simple.words.is_empty());
        for (redirect, word) in &simple.redirects {
            match redirect {
                Redirect::Read | Redirect::ReadAside => self.opened(&word.text, path_use(false)),
                Redirect::Write => self.opened(&word.text, path_use(true)),
                Redirect::Text | Redirect::TextAside => {}
            }
        }
        if leads_the_shell(simple) {
            let why = "a shell that reads its lines goes on with those that stand there";
            self.report.unreadable(&simple.raw, why);
        }
        let input = input_of(script, simple);
        if let Some((program, args)) = simple.words.split_first() {
            self.program(program, args, &simple.raw, &input);
        }
    }

    /// Several words that are a program and its arguments.
    fn words(&mut self, words: &[Word], raw: &str, input: &Input) {
        match words.split_first() {
            Some((program, args)) => self.program(program, args, raw, input),
            None if raw.trim().is_empty() => {
                self.report.unreadable("an empty line", "it names nothing to run");
            }
            None => self.report.find(raw, "it starts no program", "file_read", Risk::Low),
        }
    }

    fn program(&mut self, program: &Word, args: &[Word], raw: &str, input: &Input) {
        self.programs += 1;
        if self.programs > MAX_PROGRAMS || self.depth >= MAX_LINES {
            self.report.unreadable(raw, "it starts too many programs to be read");
            return;
        }
        let Some(path) = program.known().filter(|path| is_program(path)) else {
            self.report.unreadable(raw, "which program it starts is not known");
            return;
        };
        let name = name_of(path);
        let plain = interpreters::without_version(name);
        if path.contains('/') && !places::is_trusted(path) {
            self.report.tool(path);
            self.report.wrapper(name);
            self.report.unknown(
                raw,
                "a program that stands where anybody may put one",
                "shell_exec",
            );
        } else if interpreters::is_shell(plain) || wrappers::is_wrapper(plain) {
            self.report.wrapper(name);
        } else {
            self.report.tool(name);
        }
        let call = Call { name: plain, args, raw, input };
        self.depth += 1;
        if !ROOMS.iter().any(|room| room(self, &call)) {
            self.report.unknown(raw, "nothing is known of this program", "shell_exec");
            self.started(&call);
        }
        self.depth -= 1;
    }
}

impl Call<'_> {
    /// The text of the argument at this place, where it is known.
    fn arg(&self, index: usize) -> Option<&str> {
        self.args.get(index).and_then(Word::known)
    }
}

/// Whether a program can be meant by this.
fn is_program(path: &str) -> bool {
    let name = name_of(path);
    !name.is_empty() && !path.starts_with('-') && !path.contains('=') && !shell::is_reserved(path)
}

fn path_use(write: bool) -> super::path::Use {
    if write { super::path::Use::Write } else { super::path::Use::Read }
}

fn word_of(text: &Text) -> Word {
    Word::literal(text.plain().map_or(UNKNOWN.to_string(), str::to_owned))
}

/// The last component of a path.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What other rooms hand over.
impl Judge<'_> {
    /// A program of which nothing is known may start one that its arguments name.
    fn started(&mut self, call: &Call<'_>) {
        call.args.iter().for_each(|word| self.guarded(&word.text));
        let starts =
            |word: &Word| word.known().is_some_and(|text| STARTED.contains(&name_of(text)));
        if let Some(rest) = call.args.iter().position(starts).and_then(|at| call.args.get(at..)) {
            self.words(rest, call.raw, &Input::Unknown);
        }
    }

    /// A program and its arguments, as a list.
    pub(super) fn vector(&mut self, words: &[Word]) {
        let raw: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        self.words(words, &raw.join(" "), &Input::Unknown);
    }

    /// A line for a shell of which nobody says whether it has the forms of bash.
    pub(super) fn either_way(&mut self, line: &str) {
        let outer = self.bash;
        for bash in [true, false] {
            self.bash = bash;
            self.line(line);
        }
        self.bash = outer;
    }

    /// A program with its arguments, as a list of a tool.
    pub(super) fn started_with(&mut self, texts: &[&str]) {
        let words: Vec<Word> = texts.iter().map(|text| Word::literal(*text)).collect();
        self.vector(&words);
    }

    /// One more directory where relative paths may begin.
    pub(super) fn begins(&mut self, place: &str) {
        let places: Vec<String> = match place.starts_with('/') {
            true => vec![place.to_owned()],
            false => self.cwds.iter().map(|cwd| format!("{cwd}/{place}")).collect(),
        };
        for place in places {
            let full = self.cwds.len() >= MAX_PLACES || place.len() > MAX_PATH;
            let place = if full { UNKNOWN.to_string() } else { place };
            if !self.cwds.contains(&place) {
                self.cwds.push(place);
            }
        }
    }

    /// Code in another language.
    pub(super) fn code(&mut self, text: &str) {
        self.report.unknown(text, "it runs code in another language", "shell_exec");
        interpreters::foreign(self, text);
    }
}
