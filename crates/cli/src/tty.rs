//! The terminal itself, for questions that must reach a person.
//!
//! It is opened by its own name, so that an agent that feeds standard input feeds nothing here.

use countersign_core::display::visible;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// What a person did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// A printable byte, or one of a longer character.
    Byte(u8),
    /// The line is done.
    Enter,
    /// The last character goes.
    Erase,
    /// Control-C, control-D or the end of the terminal.
    Stop,
    /// Nothing, until the time was over.
    Nothing,
}

/// How soon a conversation notices that it is to end.
const NOTICE: Duration = Duration::from_millis(100);

/// Ends a conversation on the terminal from elsewhere, once it is dropped.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Holds a conversation on the terminal without holding up anything else. Dropping the future,
/// as a signal does, ends the conversation as if the person had stopped it, so that the terminal
/// is as it was before the process ends. `None` where the conversation panicked.
pub(crate) async fn converse<T: Send + 'static>(
    talk: impl FnOnce(io::Result<Tty>) -> T + Send + 'static,
) -> Option<T> {
    let stop = Stop::default();
    let stopped = Arc::clone(&stop.0);
    tokio::task::spawn_blocking(move || talk(Tty::open_until(stopped))).await.ok()
}

/// The process's controlling terminal, in raw mode until it is dropped.
pub(crate) struct Tty {
    file: File,
    saved: Termios,
    stopped: Arc<AtomicBool>,
}

impl Tty {
    /// Opens the terminal and takes its keys one by one.
    pub(crate) fn open() -> io::Result<Self> {
        Self::open_until(Arc::default())
    }

    fn open_until(stopped: Arc<AtomicBool>) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open("/dev/tty")?;
        let saved = tcgetattr(&file)?;
        let mut raw = saved.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(&file, OptionalActions::Flush, &raw)?;
        Ok(Self { file, saved, stopped })
    }

    /// Columns of the terminal.
    pub(crate) fn width(&self) -> usize {
        columns(&self.file, 80).max(40)
    }

    /// Rows of the terminal.
    pub(crate) fn height(&self) -> usize {
        let rows = tcgetwinsize(&self.file).map_or(0, |size| usize::from(size.ws_row));
        if rows == 0 { 24 } else { rows.max(10) }
    }

    /// Writes text as it is; the caller made it safe.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }

    /// Forgets what was typed before the question was on the screen.
    pub(crate) fn forget_typed(&self) -> io::Result<()> {
        Ok(rustix::termios::tcflush(&self.file, rustix::termios::QueueSelector::IFlush)?)
    }

    /// The next key, or nothing after `wait`.
    pub(crate) fn key(&mut self, wait: Duration) -> io::Result<Key> {
        let deadline = Instant::now() + wait;
        while !self.is_ready(deadline.saturating_duration_since(Instant::now()).min(NOTICE))? {
            if self.stopped.load(Ordering::Relaxed) {
                return Ok(Key::Stop);
            }
            if Instant::now() >= deadline {
                return Ok(Key::Nothing);
            }
        }
        let mut byte = [0; 1];
        Ok(match (self.file.read(&mut byte)?, byte) {
            (0, _) | (_, [3 | 4 | 26 | 28]) => Key::Stop,
            (_, [b'\r' | b'\n']) => Key::Enter,
            (_, [8 | 127]) => Key::Erase,
            (_, [byte]) => Key::Byte(byte),
        })
    }

    fn is_ready(&self, wait: Duration) -> io::Result<bool> {
        let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&wait)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// One line; `None` where the person stopped or the time was over.
    pub(crate) fn line(
        &mut self,
        prompt: &str,
        shown: bool,
        deadline: Instant,
    ) -> io::Result<Option<Zeroizing<String>>> {
        self.say(prompt)?;
        let mut typed = Zeroizing::new(Vec::new());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let key = if left.is_zero() { Key::Stop } else { self.key(left)? };
            match key {
                Key::Enter => break,
                Key::Stop => {
                    self.say("\r\n")?;
                    return Ok(None);
                }
                Key::Erase => {
                    // A character may have several bytes: take its continuation bytes too.
                    while typed.pop().is_some_and(|b| b & 0xc0 == 0x80) {}
                }
                Key::Byte(byte) if byte >= 0x20 => typed.push(byte),
                Key::Byte(_) | Key::Nothing => {}
            }
            if shown {
                // Only the end of a long answer, on one row: a second row would not be wiped.
                let room = self.width().saturating_sub(prompt.chars().count() + 1);
                let text = visible(&String::from_utf8_lossy(&typed), false);
                let beyond = text.chars().count().saturating_sub(room);
                let end: String = text.chars().skip(beyond).collect();
                self.say(&format!("\r\x1b[K{prompt}{end}"))?;
            }
        }
        self.say("\r\n")?;
        Ok(Some(Zeroizing::new(String::from_utf8_lossy(&typed).into_owned())))
    }
}

/// Columns of a terminal; `unknown` where there is none, or one that does not say.
pub(crate) fn columns(terminal: impl AsFd, unknown: usize) -> usize {
    match tcgetwinsize(terminal).map_or(0, |size| usize::from(size.ws_col)) {
        0 => unknown,
        columns => columns,
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.saved);
    }
}
