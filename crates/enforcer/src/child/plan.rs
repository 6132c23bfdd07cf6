//! Which files a command line leads to, and what will really be executed.
//!
//! The chain of `#!` lines is followed here and not by the kernel, to the words that the kernel
//! would have handed to the last interpreter.

use super::call::PrepareError;
use super::interpreters::{self, Dialect, Operand};
use super::lookup::{Found, Places};
use super::notes::Notes;
use super::pin::{Pin, Sealing, Subject};
use super::shebang::{self, Head, Shebang};
use countersign_core::receipt::Binding;
use std::path::{Path, PathBuf};

/// The kernel follows four interpreters that are scripts; one more is for `env`.
const MAX_CHAIN: usize = 6;

/// Scripts above this size are named as not pinned, in bytes.
const MAX_SCRIPT: u64 = 64 << 20;

/// One word of what is handed to the executed program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A text as it stands.
    Text(String),
    /// A script by the index of its pin, and the text that names it where it is not sealed.
    Script { pin: usize, spoken: String },
}

/// What will be executed with which words, and every file on the way there.
#[derive(Debug)]
pub(super) struct Plan {
    /// The words, the first of them what the program is told it is called.
    pub(super) words: Vec<Word>,
    /// The program that was called, then the other files.
    pub(super) pins: Vec<Pin>,
    /// The index of the pin that is executed.
    pub(super) executed: usize,
}

impl Plan {
    /// The weakest binding over all files.
    pub(super) fn binding(&self) -> Binding {
        self.pins.iter().map(|pin| pin.binding).max().unwrap_or(Binding::Rehashed)
    }
}

/// Finds and pins everything that `argv` leads to, against a `user` who may write files.
pub(super) fn lay(
    argv: &[String],
    places: &Places<'_>,
    user: u32,
    notes: &mut Notes,
) -> Result<Plan, PrepareError> {
    let name = argv.first().ok_or(PrepareError::Empty)?;
    let found = places.find(name)?;
    let called = found.path.clone();
    let words = argv.iter().cloned().map(Word::Text).collect();
    let mut layer = Layer { places, user, notes, words, pins: Vec::new() };
    let executed = layer.follow(found)?;
    layer.operand(argv, &called)?;
    let Layer { words, pins, .. } = layer;
    Ok(Plan { words, pins, executed })
}

struct Layer<'a, 'p> {
    places: &'a Places<'p>,
    user: u32,
    notes: &'a mut Notes,
    words: Vec<Word>,
    pins: Vec<Pin>,
}

impl Layer<'_, '_> {
    /// Goes from a program through its interpreters to the binary that is executed.
    fn follow(&mut self, found: Found) -> Result<usize, PrepareError> {
        let mut at = found;
        for _ in 0..MAX_CHAIN {
            let subject = self.open(&at.path)?;
            match shebang::read(&at.path, &subject.head)? {
                Head::Other => return Err(PrepareError::NotExecutable(text(&at.path)?)),
                Head::Binary => {
                    self.notes.binary(&at.path);
                    return self.pin(subject, &at.path, Sealing::Binary);
                }
                Head::Script(line) => at = self.script(subject, &at, &line)?,
            }
        }
        Err(PrepareError::Interpreter { path: text(&at.path)?, reason: "the chain is too long" })
    }

    /// Pins a `#!` script, puts its interpreter's words before it, and returns the interpreter.
    fn script(
        &mut self,
        subject: Subject,
        at: &Found,
        line: &Shebang,
    ) -> Result<Found, PrepareError> {
        let (found, before) = self.interpreter(at, line)?;
        let family = interpreters::family(&found.path);
        let sealing = self.sealing(family, &found.path)?;
        let pin = self.pin(subject, &at.path, sealing)?;
        self.pin_env(line)?;
        let mut words: Vec<Word> = before.into_iter().map(Word::Text).collect();
        words.push(Word::Script { pin, spoken: at.spoken.clone() });
        words.extend(self.words.drain(..).skip(1));
        self.words = words;
        Ok(found)
    }

    /// The interpreter of a line and the words that come before the script. `env` is looked
    /// through: it would search the path itself, later and unseen.
    fn interpreter(
        &mut self,
        at: &Found,
        line: &Shebang,
    ) -> Result<(Found, Vec<String>), PrepareError> {
        if let Some(words) = line.through_env() {
            let name = words.first().map(String::as_str).unwrap_or_default();
            return Ok((self.places.find(name)?, words));
        }
        if !line.interpreter.contains('/') {
            let reason = "the interpreter is no path";
            return Err(PrepareError::Interpreter { path: text(&at.path)?, reason });
        }
        let words = [Some(line.interpreter.clone()), line.argument.clone()];
        Ok((self.places.find(&line.interpreter)?, words.into_iter().flatten().collect()))
    }

    /// `env` itself is pinned although it is looked through: the line names it.
    fn pin_env(&mut self, line: &Shebang) -> Result<(), PrepareError> {
        if line.through_env().is_some() {
            let env = self.places.find(&line.interpreter)?;
            let subject = self.open(&env.path)?;
            self.pin(subject, &env.path, Sealing::Always)?;
        }
        Ok(())
    }

    /// Pins the script that a known interpreter was told to run.
    fn operand(&mut self, argv: &[String], called: &Path) -> Result<(), PrepareError> {
        let Some(family) = interpreters::family(called) else { return Ok(()) };
        let operand = family.operand(argv);
        self.notes.operand(called, &operand);
        let Operand::Script(index) = operand else { return Ok(()) };
        let Some(spoken) = argv.get(index) else { return Ok(()) };
        let path = self.places.absolute(spoken);
        if path.starts_with("/dev") || path.starts_with("/proc") {
            // What is found there is ours now and would be the child's then.
            self.notes.searched(spoken);
            return Ok(());
        }
        match Subject::open(&path) {
            Ok(subject) if subject.size <= MAX_SCRIPT => {
                let sealing = self.sealing(Some(family), called)?;
                let pin = self.pin(subject, &path, sealing)?;
                self.point(argv.len() - index, pin, spoken);
            }
            Ok(_) => self.notes.too_large(spoken),
            Err(_) if path.is_dir() || !family.exact => self.notes.searched(spoken),
            Err(e) => return Err(PrepareError::io(&path, e)),
        }
        Ok(())
    }

    /// Makes the word that stands `from_end` words before the end point to a pin.
    fn point(&mut self, from_end: usize, pin: usize, spoken: &str) {
        let index = self.words.len().checked_sub(from_end);
        if let Some(word) = index.and_then(|i| self.words.get_mut(i)) {
            *word = Word::Script { pin, spoken: spoken.to_owned() };
        }
    }

    /// A script may be read from a copy only where its reader is the binary that is executed:
    /// one that passes it on, as version managers do, may look at its name.
    fn sealing(
        &self,
        family: Option<&'static Dialect>,
        reader: &Path,
    ) -> Result<Sealing, PrepareError> {
        let Some(texts) = family.and_then(|family| family.place) else { return Ok(Sealing::Never) };
        let head = shebang::read(reader, &self.open(reader)?.head)?;
        Ok(if head == Head::Binary { Sealing::Unless(texts) } else { Sealing::Never })
    }

    fn open(&self, path: &Path) -> Result<Subject, PrepareError> {
        Subject::open(path).map_err(|e| PrepareError::io(path, e))
    }

    fn pin(
        &mut self,
        subject: Subject,
        path: &Path,
        sealing: Sealing,
    ) -> Result<usize, PrepareError> {
        let large = matches!(sealing, Sealing::Unless(_)) && subject.size > MAX_SCRIPT;
        let sealing = if large { Sealing::Never } else { sealing };
        let pin = subject.pin(self.user, sealing).map_err(|e| PrepareError::io(path, e))?;
        self.pins.push(pin);
        Ok(self.pins.len() - 1)
    }
}

/// A path as the action shows it.
pub(super) fn text(path: &Path) -> Result<String, PrepareError> {
    let lossy = || PrepareError::NotUtf8(path.display().to_string());
    path.to_str().map(str::to_owned).ok_or_else(lossy)
}

/// Paths of arguments that are files now, which the program may read by itself.
pub(super) fn files_among(argv: &[String], places: &Places<'_>, plan: &Plan) -> Vec<PathBuf> {
    let pinned = |path: &PathBuf| plan.pins.iter().any(|pin| pin.path == *path);
    let paths = argv.iter().skip(1).map(|word| places.absolute(word));
    paths.filter(|path| path.is_file() && !pinned(path)).collect()
}
