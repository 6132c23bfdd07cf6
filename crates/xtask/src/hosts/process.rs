//! Runs a program within a time, and leaves nothing of it behind.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How a program ended, and what it said.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A program and everything that it started in its group; ended with this value.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(command: &mut Command) -> Result<Self, String> {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = command.get_program().display().to_string();
        command.spawn().map(Self).map_err(|error| format!("`{name}` did not start: {error}"))
    }

    /// The first line on its standard output.
    pub(super) fn line(&mut self, limit: Duration) -> Result<String, String> {
        let pipe = self.0.stdout.take().ok_or("its output is taken")?;
        let (send, line) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            let mut pipe = std::io::BufReader::new(pipe);
            let _read = std::io::BufRead::read_line(&mut pipe, &mut text);
            let _heard = send.send(text);
            // Whoever writes on must not meet a closed pipe.
            let _rest = std::io::copy(&mut pipe, &mut std::io::sink());
        });
        line.recv_timeout(limit).map_err(|_| "it said nothing in time".to_owned())
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<ExitStatus, String> {
        let end = Instant::now() + limit;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
                Ok(None) => return Err(format!("it did not end within {limit:?}")),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Waits for its end and reads what it said.
    fn output(mut self, limit: Duration) -> Result<Ended, String> {
        let (stdout, stderr) = (heard(self.0.stdout.take()), heard(self.0.stderr.take()));
        let status = self.wait(limit);
        // What it left running may hold the pipes open.
        drop(self);
        let text = |said: thread::JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&said.join().unwrap_or_default()).into_owned()
        };
        let (stdout, stderr) = (text(stdout), text(stderr));
        status.map(|status| Ended { status, stdout, stderr })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let mut kill = Command::new("kill");
        let kill = kill.args(["-s", "KILL", "--", &group]).stderr(Stdio::null());
        let _status = kill.status();
        let _reaped = self.0.wait();
    }
}

/// Runs a program to its end, or ends it.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Ended, String> {
    Process::start(command)?.output(limit)
}

fn heard(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            let _read = pipe.read_to_end(&mut text);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_left_behind_does_not_hold_us_up() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo said"]);
        let began = Instant::now();
        let ended = run(&mut command, Duration::from_secs(10)).unwrap();
        assert_eq!(ended.stdout, "said\n");
        assert!(ended.status.success() && began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_without_end_is_ended() {
        let late = run(Command::new("sleep").arg("60"), Duration::from_millis(1));
        assert!(late.is_err_and(|why| why.contains("did not end")));
    }
}
