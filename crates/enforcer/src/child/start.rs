//! Starting a pinned call: everything is read and compared once more, and only that is run.

use super::output::Outputs;
use super::plan::Word;
use super::prepared::Prepared;
use super::ready::Ready;
use super::running::{Running, Signals};
use super::seal;
use command_fds::CommandFdExt as _;
use countersign_core::action::Action;
use countersign_core::receipt::Binding;
use countersign_core::redact::{Text, token};
use countersign_store::files;
use rustix::io::fcntl_dupfd_cloexec;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Why an approved call was not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program, an interpreter, a script or the working directory is not what was pinned.
    #[error("`{path}` is no longer what was approved")]
    Changed {
        /// What differs.
        path: String,
    },
    /// The same, seen only after the program had begun. It was killed; part of it may have run.
    #[error("`{path}` was changed while it was started, and the program was killed")]
    Swapped {
        /// What differs.
        path: String,
    },
    /// Somebody keeps the program open for writing.
    #[error("`{path}` is being written")]
    Busy {
        /// The program.
        path: String,
    },
    /// At critical risk a run must be tied to its bytes more firmly than this call can be.
    #[error("`{path}` can only be hashed again before the run, which is too weak at critical risk")]
    TooWeak {
        /// The file with the weakest binding.
        path: String,
    },
    /// The environment does not open the commitments that were approved.
    #[error("the value of `{0}` does not fit its commitment")]
    Undisclosed(String),
    /// The program, an interpreter or a script is gone. Shells say 127.
    #[error("`{path}` not found")]
    NotFound {
        /// What is missing.
        path: String,
    },
    /// It may not be executed any more. Shells say 126.
    #[error("`{path}` is not executable")]
    NotExecutable {
        /// The program.
        path: String,
    },
    /// The program ran, and how it ended is not known.
    #[error("how the program ended is unknown: {0}")]
    Lost(#[source] io::Error),
    /// Children are watched by the asynchronous runtime, and there is none.
    #[error("no runtime to watch the child")]
    NoRuntime,
    /// Something else went wrong before the program began.
    #[error("`{path}`: {source}")]
    Io {
        /// The file it went wrong with.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

impl StartError {
    /// Whether the program may have done something before this error.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        matches!(self, Self::Swapped { .. } | Self::Lost(_))
    }
}

/// Descriptors for the child begin here, above those that scripts number by hand.
const LOWEST: i32 = 100;

/// A program that was just written may still be open for writing in a process that is being
/// forked; that passes in a moment.
const BUSY_TRIES: usize = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

impl Prepared {
    /// Runs the call as it was pinned, or not at all.
    ///
    /// Only a claim that was spent may come here. It blocks while it reads the files, and must be
    /// called inside the runtime. `critical` is the risk that was found.
    ///
    /// # Errors
    /// Whatever differs from what was pinned. [`StartError::has_begun`] tells whether part of it
    /// may have run.
    pub(crate) fn start(&self, critical: bool) -> Result<Running, StartError> {
        self.launch(critical, None)
    }

    /// As [`Prepared::start`], with the child's output going to a file of a test's.
    pub(super) fn launch(
        &self,
        critical: bool,
        output: Option<&File>,
    ) -> Result<Running, StartError> {
        self.check_commitments()?;
        self.check_strength(critical)?;
        let mut tries = BUSY_TRIES;
        loop {
            match self.attempt(output) {
                Err(StartError::Busy { .. }) if tries > 0 => std::thread::sleep(BUSY_PAUSE),
                other => return other,
            }
            tries -= 1;
        }
    }

    fn attempt(&self, output: Option<&File>) -> Result<Running, StartError> {
        self.check_directory()?;
        let ready = self.ready()?;
        let executed = ready.iter().find(|ready| ready.executed);
        let executed = executed.ok_or_else(|| StartError::NotFound { path: "program".into() })?;
        let mut command = Command::new(descriptor_path(&executed.file));
        self.dress(&mut command, &ready)?;
        if let Some(file) = output {
            let clone = || file.try_clone().map_err(|e| io_error(Path::new("output"), e));
            command.stdout(clone()?).stderr(clone()?);
        }
        // Descriptors that our own parent left open to us are not marked as ours are.
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let signals = Signals::watch()?;
        let outputs = self.digests.then(|| Outputs::begin(&mut command)).transpose();
        let outputs = outputs.map_err(|e| io_error(Path::new("output"), e))?;
        let spawned = Running::spawn(command, signals, outputs);
        watch_over(spawned.map_err(|e| spawn_error(&executed.pin.path, e))?, &ready)
    }

    fn ready(&self) -> Result<Vec<Ready<'_>>, StartError> {
        let pins = self.plan.pins.iter().enumerate();
        pins.map(|(index, pin)| Ready::open(pin, index == self.plan.executed, self.user)).collect()
    }

    /// Words, environment, directory and input of the child.
    fn dress(&self, command: &mut Command, ready: &[Ready<'_>]) -> Result<(), StartError> {
        let mut passed = Vec::new();
        let mut words = Vec::new();
        for word in &self.plan.words {
            words.push(spell(word, ready, &mut passed)?);
        }
        let mut words = words.into_iter();
        command.arg0(words.next().unwrap_or_default()).args(words);
        command.env_clear().envs(&self.environment).current_dir(self.directory.entry());
        command.stdin(match &self.stdin {
            None => Stdio::null(),
            Some(bytes) => Stdio::from(
                seal::input(bytes).map_err(|e| io_error(Path::new("standard input"), e))?,
            ),
        });
        command.preserved_fds(passed);
        Ok(())
    }

    /// Every commitment is opened by its disclosure, and to the very value the child would get.
    fn check_commitments(&self) -> Result<(), StartError> {
        let Action::Command(command) = self.action() else { return Ok(()) };
        let words_fit = command.argv.len() == self.argv.len();
        for (index, (shown, clear)) in command.argv.iter().zip(&self.argv).enumerate() {
            if !words_fit || !self.opens(shown, &format!("/argv/{index}"), clear) {
                return Err(StartError::Undisclosed(format!("argv[{index}]")));
            }
        }
        let names_differ = !command.env.keys().eq(self.environment.keys());
        for (name, clear) in &self.environment {
            let shown = command.env.get(name);
            let fits =
                shown.is_some_and(|s| self.opens(s, &format!("/env/{}", token(name)), clear));
            if !fits || names_differ {
                return Err(StartError::Undisclosed(name.clone()));
            }
        }
        Ok(())
    }

    /// Whether a text of the action is this one, in the clear or behind its commitment.
    fn opens(&self, shown: &Text, place: &str, clear: &str) -> bool {
        match shown {
            Text::Plain(shown) => shown == clear,
            Text::Committed(commitment) => self.disclosures().iter().any(|disclosure| {
                disclosure.0 == place
                    && disclosure.1.as_str() == Some(clear)
                    && disclosure.opens(commitment)
            }),
        }
    }

    /// Whether a run could be tied firmly enough to its bytes at this risk. Starting looks again;
    /// looking before anybody is asked spares them a question whose yes would be worth nothing.
    ///
    /// # Errors
    /// `TooWeak`, with the file that has the weakest binding.
    pub fn check_strength(&self, critical: bool) -> Result<(), StartError> {
        let weak = self.plan.pins.iter().find(|pin| pin.binding == Binding::Rehashed);
        match weak.filter(|_| critical) {
            Some(pin) => Err(StartError::TooWeak { path: pin.path.display().to_string() }),
            None => Ok(()),
        }
    }

    fn check_directory(&self) -> Result<(), StartError> {
        match self.directory.is_in_place() {
            true => Ok(()),
            false => Err(StartError::Changed { path: self.directory.path().to_owned() }),
        }
    }
}

/// Lets the child run on only if what it was just started from still is what was compared.
fn watch_over(mut running: Running, ready: &[Ready<'_>]) -> Result<Running, StartError> {
    match ready.iter().find(|ready| !ready.still_holds()) {
        None => Ok(running),
        Some(ready) => {
            running.kill();
            Err(StartError::Swapped { path: ready.pin.path.display().to_string() })
        }
    }
}

/// A word for the child: the text as typed, or the descriptor of a sealed script.
fn spell(
    word: &Word,
    ready: &[Ready<'_>],
    passed: &mut Vec<OwnedFd>,
) -> Result<String, StartError> {
    let (pin, spoken) = match word {
        Word::Text(text) => return Ok(text.clone()),
        Word::Script { pin, spoken } => (pin, spoken),
    };
    let Some(ready) = ready.get(*pin).filter(|r| r.pin.binding == Binding::Sealed) else {
        return Ok(spoken.clone());
    };
    let given = fcntl_dupfd_cloexec(&ready.file, LOWEST)
        .map_err(|e| io_error(&ready.pin.path, e.into()))?;
    let path = format!("/proc/self/fd/{}", given.as_raw_fd());
    passed.push(given);
    Ok(path)
}

fn descriptor_path(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

pub(super) fn io_error(path: &Path, source: io::Error) -> StartError {
    let path = path.display().to_string();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StartError::NotFound { path },
        // What was pinned was a regular file.
        _ if files::is_odd(&source) => StartError::Changed { path },
        _ => StartError::Io { path, source },
    }
}

fn spawn_error(path: &Path, source: io::Error) -> StartError {
    let text = path.display().to_string();
    match source.kind() {
        io::ErrorKind::ExecutableFileBusy => StartError::Busy { path: text },
        io::ErrorKind::PermissionDenied => StartError::NotExecutable { path: text },
        _ => io_error(path, source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::pin::Pin;
    use countersign_core::encoding::Hash;
    use std::fs;

    #[tokio::test]
    async fn attack_01_what_was_swapped_while_it_was_started_is_killed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("script");
        fs::write(&path, "good").unwrap();
        let pin = Pin { path, sha256: Hash::of(b"good"), binding: Binding::Rehashed };
        let ready = [Ready::open(&pin, false, 0).unwrap()];
        let mut command = Command::new("sleep");
        command.arg("60");
        let running = Running::spawn(command, Signals::watch().unwrap(), None).unwrap();
        let words = format!("/proc/{}/cmdline", running.id().unwrap());
        fs::write(&pin.path, "evil").unwrap();
        let refused = watch_over(running, &ready).unwrap_err();
        assert!(matches!(refused, StartError::Swapped { .. }) && refused.has_begun());
        // The kill is under way: what is left at last is a process without words, or none.
        while fs::read_to_string(&words).is_ok_and(|text| !text.is_empty()) {
            tokio::task::yield_now().await;
        }
    }
}
