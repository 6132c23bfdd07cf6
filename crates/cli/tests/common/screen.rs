//! A person at a terminal: sees what the binary shows there, and types.

use super::{PATIENCE, Process};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

/// A pseudo-terminal with one program on it, whose controlling terminal it is.
pub(crate) struct Screen {
    process: Process,
    keyboard: ChildStdin,
    shows: Receiver<Vec<u8>>,
    /// Everything that was shown.
    bytes: Vec<u8>,
    /// How much of it was looked at.
    looked: usize,
}

impl Screen {
    /// Starts a command on a terminal of 100 by 60.
    pub(crate) fn of(command: &Command) -> Self {
        Self::shell(command, &format!("exec {}", line(command)))
    }

    /// Starts a line of a shell there, in the environment and directory of `like`.
    pub(crate) fn shell(like: &Command, line: &str) -> Self {
        let mut script = Command::new("script");
        script
            .args(["-qec", &format!("stty cols 100 rows 60; {line}"), "/dev/null"])
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        if let Some(dir) = like.get_current_dir() {
            script.current_dir(dir);
        }
        let mut child = script.spawn().unwrap();
        let keyboard = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (show, shows) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if show.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let process = Process { child };
        Self { process, keyboard, shows, bytes: Vec::new(), looked: 0 }
    }

    /// Waits until `text` is shown below what was looked at before.
    pub(crate) fn sees(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let new = &self.bytes[self.looked..];
            if let Some(at) = new.windows(text.len()).position(|w| w == text.as_bytes()) {
                self.looked += at + text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shows.recv_timeout(left) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(_) => panic!("`{text}` was not shown, but:\n{}", self.text()),
            }
        }
    }

    /// What comes after what was looked at, up to the end of its line.
    pub(crate) fn rest_of_line(&mut self) -> String {
        let from = self.looked;
        self.sees("\n");
        String::from_utf8_lossy(&self.bytes[from..self.looked]).trim().to_owned()
    }

    /// Presses keys.
    pub(crate) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Everything that was shown so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The terminal is gone, as when its window is closed by force.
    pub(crate) fn hangs_up(mut self) {
        self.process.child.kill().unwrap();
        self.process.wait();
    }

    /// Waits for the end: the exit code, and everything that was shown.
    pub(crate) fn end(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.shows.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end, but:\n{}", self.text()),
            }
        }
        let code = self.process.wait().code().unwrap();
        (code, self.text())
    }
}

/// The command as a line of a shell.
pub(crate) fn line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| quoted(word.to_str().unwrap())).collect::<Vec<_>>().join(" ")
}

/// One word of a shell's line.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The same for a path.
pub(crate) fn quoted_path(path: &Path) -> String {
    quoted(path.to_str().unwrap())
}
