//! System calls that fail, or that a process does not survive, on purpose.

use crate::common::Process;
use crate::heard::Heard;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The command, with the syncs of `files` failing as `when` says: `3` is the third of each
/// thread, `1+` all. Without files those of every file fail.
pub(crate) fn failing_syncs(command: &Command, files: &[PathBuf], when: &str) -> Command {
    traced(command, files, &format!("inject=fsync,fdatasync:error=EIO:when={when}"))
}

/// The command, killed at the sync of this number in any of its threads.
pub(crate) fn dying_at_sync(command: &Command, number: u32) -> Command {
    traced(command, &[], &format!("inject=fsync,fdatasync:signal=KILL:when={number}"))
}

/// The command, killed when it links a new file to its place.
pub(crate) fn dying_at_the_link_of(command: &Command, file: &Path) -> Command {
    let calls = "link,linkat";
    tracing(command, &[file.to_owned()], calls, &format!("inject={calls}:signal=KILL:when=1"))
}

/// Something that happens to a process at one of its calls to the disk.
#[derive(Clone, Debug)]
pub(crate) struct Trap {
    /// The call, or several, such as `fsync,fdatasync`.
    pub(crate) calls: &'static str,
    /// Which of them in each thread: `3`, or `3+` for that one and all that follow.
    pub(crate) when: String,
    /// `error=ENOSPC`, or `signal=KILL`.
    pub(crate) does: &'static str,
}

/// The command in a trap.
pub(crate) fn trapped(command: &Command, trap: &Trap) -> Command {
    let Trap { calls, when, does } = trap;
    tracing(command, &[], calls, &format!("inject={calls}:{does}:when={when}"))
}

fn traced(command: &Command, files: &[PathBuf], rule: &str) -> Command {
    tracing(command, files, "fsync,fdatasync", rule)
}

fn tracing(command: &Command, files: &[PathBuf], calls: &str, rule: &str) -> Command {
    let mut traced = Command::new("strace");
    // As the child of its own child it leaves the process id, and kills, to the command itself.
    traced.args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    traced.args(["-e", &format!("trace={calls}"), "-e", rule]);
    traced.args(files.iter().flat_map(|file| [OsStr::new("-P"), file.as_os_str()]));
    traced.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.current_dir(command.get_current_dir().unwrap());
    traced.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    traced
}

/// From now on every write of a running process fails, as on a disk that became read-only. Ends
/// with the process, or when it is dropped.
pub(crate) fn fail_writes(of: &Process) -> Process {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", "trace=pwrite64"]);
    command.args(["-e", "inject=pwrite64:error=EROFS", "-p", &of.id().to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut tracer = Process::start(command);
    Heard::of(&mut tracer).until("attached");
    tracer
}
