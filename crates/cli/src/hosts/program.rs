//! Other programs, each started within bounds and ended with its whole group.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// No answer that is looked at is longer.
pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first program of this name in the directories of a `PATH`.
pub(crate) fn find(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let dirs = std::env::split_paths(path?).filter(|dir| dir.is_absolute());
    dirs.map(|dir| dir.join(name)).find(|file| runs(file))
}

fn runs(file: &Path) -> bool {
    let meta = std::fs::metadata(file);
    meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// What a program answers to `--version`: the first line of it, not empty, and at most 80 characters.
///
/// # Errors
/// Where it does not answer in time, or with a failure.
pub(crate) async fn version(program: &Path) -> Result<String, String> {
    let running = Running::quiet(command(program, &["--version"]))?;
    let output = running.output(b"", PATIENCE).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
    match line.filter(|_| output.status.success()) {
        Some(line) => Ok(line.chars().take(80).collect()),
        None => Err(format!("`--version` ended with {}, and says no version", output.status)),
    }
}

/// A child that is ended, with everything that it started in its group, when it is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Running {
    /// Starts a program with pipes in place of its standard input, output and errors.
    pub(crate) fn start(command: Command) -> Result<Self, String> {
        Self::with(command, Stdio::piped())
    }

    /// The same, with nobody to hear its errors.
    pub(crate) fn quiet(command: Command) -> Result<Self, String> {
        Self::with(command, Stdio::null())
    }

    fn with(mut command: Command, errors: Stdio) -> Result<Self, String> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true);
        command.spawn().map(|child| Self { child }).map_err(|e| format!("it does not start: {e}"))
    }

    /// Gives it what it is to read, and waits for its end.
    pub(crate) async fn output(mut self, input: &[u8], limit: Duration) -> Result<Output, String> {
        let stdin = self.child.stdin.take();
        let say = async move {
            if let Some(mut stdin) = stdin {
                // One that ends without reading everything is judged by what it says.
                let _ = stdin.write_all(input).await;
            }
        };
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let work = async {
            let ((), stdout, stderr, status) =
                tokio::join!(say, heard(stdout), heard(stderr), self.child.wait());
            let status = status.map_err(|e| e.to_string())?;
            Ok(Output { status, stdout, stderr })
        };
        let done = tokio::time::timeout(limit, work).await;
        done.unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs())))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

async fn heard(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error is all there is.
        let _ = pipe.take(MAX_BYTES).read_to_end(&mut bytes).await;
    }
    bytes
}

/// A command in the environment of this process.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
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
        assert_eq!(find("host", Some(OsStr::new("."))), None);
        assert_eq!(find("host", None), None);
    }

    #[tokio::test]
    async fn a_program_is_given_its_input_and_heard_to_its_end() {
        let usual = Some(OsStr::new("/usr/bin:/bin"));
        let cat = Running::start(command(find("cat", usual).unwrap(), &[])).unwrap();
        assert_eq!(cat.output(b"a\nb\n", PATIENCE).await.unwrap().stdout, b"a\nb\n");
        let gone = find("false", usual).unwrap();
        assert!(version(&gone).await.is_err());
        assert!(version(Path::new("/nowhere")).await.is_err());
    }
}
