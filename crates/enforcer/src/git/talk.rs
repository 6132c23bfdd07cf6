//! One question to a program, and its answer: never waited for longer than was said.

use std::io::{self, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The most that is read of one answer.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;

/// The most that is kept of what was said on standard error.
const MAX_SAID: usize = 64 * 1024;

/// The most of it that a person is told.
const MAX_TOLD: usize = 300;

/// What came of a question.
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    /// Standard output, cut after a byte too many.
    bytes: Vec<u8>,
    /// Standard error, clipped to one line.
    pub(super) said: String,
}

impl Answer {
    /// Standard output whole; nothing where it is larger than anybody reads.
    pub(super) fn whole(self) -> Option<Vec<u8>> {
        (self.bytes.len() as u64 <= MAX_ANSWER).then_some(self.bytes)
    }
}

/// Asks. All three pipes have a thread of their own: whoever is written to may be writing.
///
/// # Errors
/// Where it cannot be started or read, or does not end in time; it is killed then.
pub(super) fn ask(command: &mut Command, input: Vec<u8>, patience: Duration) -> io::Result<Answer> {
    let until = Instant::now() + patience;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that refuses reads no further: what it said is the answer.
        std::thread::spawn(move || pipe.write_all(&input));
    }
    let stdout = child.stdout.take().map(|pipe| aside(move || answered(pipe)));
    let stderr = child.stderr.take().map(|pipe| aside(move || drained(pipe)));
    let ended = || -> io::Result<Answer> {
        let bytes = within(stdout, until)?;
        let said = within(stderr, until)?;
        Ok(Answer { status: end(&mut child, until)?, bytes, said })
    };
    ended().inspect_err(|_| {
        // One that is gone already is as good as killed.
        let _gone = child.kill().and_then(|()| child.wait());
    })
}

/// Does this on a thread; the result comes by the channel.
fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Receiver<io::Result<T>> {
    let (sender, receiver) = channel();
    // Whoever waited in vain has gone.
    std::thread::spawn(move || sender.send(work()));
    receiver
}

fn within<T: Default>(result: Option<Receiver<io::Result<T>>>, until: Instant) -> io::Result<T> {
    let left = until.saturating_duration_since(Instant::now());
    match result {
        Some(result) => result.recv_timeout(left).map_err(|_| late())?,
        None => Ok(T::default()),
    }
}

/// It has closed its outputs: its end is a matter of moments.
fn end(child: &mut Child, until: Instant) -> io::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None if Instant::now() >= until => return Err(late()),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it did not answer in time, and was ended")
}

fn answered(pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(MAX_ANSWER + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads all of it, so that nobody waits for us, and keeps the beginning.
fn drained(mut pipe: impl Read) -> io::Result<String> {
    let (mut kept, mut dropped) = (Vec::new(), 0_usize);
    pipe.by_ref().take(MAX_SAID as u64).read_to_end(&mut kept)?;
    let mut chunk = [0; 8192];
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => {
                // A line that was cut in two is one.
                let cut = usize::from(!kept.ends_with(b"\n"));
                return Ok(told(&String::from_utf8_lossy(&kept), dropped.saturating_sub(cut)));
            }
            Ok(read) => {
                let chunk = chunk.get(..read).unwrap_or_default();
                dropped += chunk.iter().filter(|byte| **byte == b'\n').count();
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// The first lines of what was said as one, and how many more there are.
fn told(said: &str, dropped: usize) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut told, mut more) = (String::new(), dropped);
    for line in lines {
        if more > dropped || told.chars().count() >= MAX_TOLD {
            more += 1;
        } else if told.is_empty() {
            told = clipped(line);
        } else if told.chars().count() + line.chars().count() + 2 <= MAX_TOLD {
            told = format!("{told}; {line}");
        } else {
            more += 1;
        }
    }
    if more > 0 { format!("{told} … and {more} more") } else { told }
}

fn clipped(line: &str) -> String {
    match line.char_indices().nth(MAX_TOLD) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn sh(script: &str, input: &[u8], patience: Duration) -> io::Result<Answer> {
        ask(Command::new("/bin/sh").args(["-c", script]), input.to_vec(), patience)
    }

    #[test]
    fn attack_20_much_on_standard_error_holds_nobody_up() {
        let script = "i=0; while [ $i -lt 5000 ]; do echo \"line $i of what went wrong\" >&2; \
                      i=$((i+1)); done; exit 3";
        let answer = sh(script, &[b'x'; 1 << 20], PATIENCE).unwrap();
        assert_eq!(answer.status.code(), Some(3));
        assert!(answer.said.starts_with("line 0 of what went wrong; line 1 "), "{}", answer.said);
        let more: usize = answer.said.split(' ').rev().nth(1).unwrap().parse().unwrap();
        let shown = answer.said.matches("line ").count();
        assert!(answer.said.chars().count() < 330 && shown + more == 5000, "{}", answer.said);
    }

    #[test]
    fn attack_20_one_that_does_not_answer_is_ended() {
        let began = Instant::now();
        for script in ["exec sleep 60", "exec >&- 2>&-; exec sleep 60", "sleep 60 & exit 0"] {
            let error = sh(script, b"", Duration::from_millis(300)).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{script}");
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn an_answer_is_whole_or_none() {
        assert_eq!(sh("cat", b"abc", PATIENCE).unwrap().whole(), Some(b"abc".to_vec()));
        let much = "head -c 17000000 /dev/zero";
        assert_eq!(sh(much, b"", PATIENCE).unwrap().whole(), None);
    }

    #[test]
    fn what_was_said_is_one_line_of_a_sensible_length() {
        assert_eq!(told(" a \n\nb\n", 0), "a; b");
        assert_eq!(told("a\n", 2), "a … and 2 more");
        let long = "é".repeat(400);
        assert_eq!(told(&format!("{long}\nb"), 0), format!("{}… … and 1 more", "é".repeat(300)));
        assert_eq!(told("", 0), "");
    }
}
