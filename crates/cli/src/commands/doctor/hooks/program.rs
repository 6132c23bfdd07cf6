//! A host's own program: whether it is there, and what it says within bounds.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, Command};

/// How long a host's program may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// No answer that is looked at is longer.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The first program of this name in the directories of a `PATH`.
pub(super) fn find(name: &str, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    let dirs = std::env::split_paths(path?).filter(|dir| dir.is_absolute());
    dirs.map(|dir| dir.join(name)).find(|file| runs(file))
}

fn runs(file: &Path) -> bool {
    let meta = std::fs::metadata(file);
    meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// What a program answers to `--version`, the first line of it.
///
/// # Errors
/// Where it does not answer in time, or with a failure.
pub(super) async fn version(program: &Path) -> Result<String, String> {
    let mut running = Running::start(program, &["--version"])?;
    let work = async {
        let mut text = Vec::new();
        if let Some(said) = running.child.stdout.take() {
            said.take(LONGEST).read_to_end(&mut text).await.map_err(|e| e.to_string())?;
        }
        let status = running.child.wait().await.map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&text);
        match text.lines().next().filter(|_| status.success()) {
            Some(line) => Ok(line.trim().to_owned()),
            None => Err(format!("`--version` ended with {status}")),
        }
    };
    within(work).await
}

/// Says lines to a program and returns the first of its own that `wanted` takes.
///
/// # Errors
/// Where there is none in time.
pub(super) async fn converse<T>(
    program: &Path,
    args: &[&str],
    lines: &str,
    wanted: impl Fn(&str) -> Option<T>,
) -> Result<T, String> {
    let mut running = Running::start(program, args)?;
    let (Some(mut say), Some(said)) = (running.child.stdin.take(), running.child.stdout.take())
    else {
        return Err("it has no input or output".to_owned());
    };
    let work = async {
        match say.write_all(lines.as_bytes()).await {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => return Err(e.to_string()),
            _ => {}
        }
        first(said, wanted).await
    };
    within(work).await
}

async fn first<T>(
    said: impl AsyncRead + Unpin,
    wanted: impl Fn(&str) -> Option<T>,
) -> Result<T, String> {
    let mut lines = BufReader::new(said.take(LONGEST)).lines();
    while let Some(line) = lines.next_line().await.map_err(|e| e.to_string())? {
        if let Some(answer) = wanted(&line) {
            return Ok(answer);
        }
    }
    Err("it ended without an answer".to_owned())
}

async fn within<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(late)
}

/// A program that is ended with everything that it started.
struct Running {
    child: Child,
}

impl Running {
    fn start(program: &Path, args: &[&str]) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, since what is on the path may only start the program itself.
        let child = command.process_group(0).kill_on_drop(true).spawn();
        child.map(|child| Self { child }).map_err(|e| format!("it does not start: {e}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_directories_are_searched_and_only_programs_found() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("host"), "").unwrap();
        let path = Some(dir.path().as_os_str());
        assert_eq!(find("host", path), None);
        let runs = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path().join("host"), runs).unwrap();
        assert_eq!(find("host", path), Some(dir.path().join("host")));
        assert_eq!(find("host", Some(std::ffi::OsStr::new("."))), None);
        assert_eq!(find("host", None), None);
    }

    #[tokio::test]
    async fn a_program_is_heard_to_the_line_that_is_wanted() {
        let cat = find("cat", Some(std::ffi::OsStr::new("/usr/bin:/bin"))).unwrap();
        let wanted = |line: &str| (line == "b").then(|| line.to_owned());
        assert_eq!(converse(&cat, &[], "a\nb\n", wanted).await.unwrap(), "b");
        let none = |_: &str| None::<()>;
        let gone = find("false", Some(std::ffi::OsStr::new("/usr/bin:/bin"))).unwrap();
        assert!(converse(&gone, &[], "a\n", none).await.is_err());
        assert!(version(&gone).await.is_err());
    }
}
