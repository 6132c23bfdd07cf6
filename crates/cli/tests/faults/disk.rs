//! Small disks that a test may fill or close, where nobody else sees them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set in the process that has mounts of its own.
const INSIDE: &str = "COUNTERSIGN_TEST_OWN_MOUNTS";

/// Room for everything that these tests keep in a home.
const SIZE: &str = "size=6m";

/// Runs `body` in a copy of this test binary that has mounts of its own. They end with it.
pub(crate) fn with_own_mounts(test: &str, body: impl FnOnce()) {
    assert!(rustix::process::geteuid().is_root(), "this test mounts small disks: run it as root");
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let again = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--"])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&again.stderr));
    assert!(again.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

/// A small disk, mounted at a directory of its own.
pub(crate) struct Disk {
    path: PathBuf,
}

impl Disk {
    pub(crate) fn at(path: PathBuf) -> Self {
        // What a home holds before there is a disk in it: the policy of every test's world.
        let before = std::fs::read(path.join("policy.toml"));
        std::fs::create_dir_all(&path).unwrap();
        mount([OsStr::new("-t"), "tmpfs".as_ref(), "-o".as_ref(), SIZE.as_ref()], "small", &path);
        if let Ok(policy) = before {
            std::fs::write(path.join("policy.toml"), policy).unwrap();
        }
        Self { path }
    }

    /// Leaves no room for a single byte.
    pub(crate) fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for size in [65_536, 4_096, 1] {
            while filler.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
    }

    /// Takes away what [`Disk::fill`] put there.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// Allows no more writes. Nobody may have a file open to write.
    pub(crate) fn close(&self) {
        mount(["-o", "remount,ro"], "small", &self.path);
    }

    /// Allows writes again.
    pub(crate) fn open(&self) {
        mount(["-o", "remount,rw"], "small", &self.path);
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.path).status();
    }
}

fn mount(options: impl IntoIterator<Item = impl AsRef<OsStr>>, what: &str, at: &Path) {
    let status = Command::new("mount").args(options).arg(what).arg(at).status().unwrap();
    assert!(status.success(), "cannot mount at {}", at.display());
}
