//! Programs that start another one which their arguments name plainly.

/// How a wrapper's arguments end and the program begins.
pub(super) struct Wrapper {
    pub(super) names: &'static [&'static str],
    /// Options without a value.
    pub(super) plain: &'static [&'static str],
    /// Options with one.
    pub(super) valued: &'static [&'static str],
    /// How many arguments stand before the program.
    pub(super) skip: usize,
}

/// Programs that only start another one, and the options before it.
pub(super) const WRAPPERS: [Wrapper; 14] = [
    Wrapper { names: &["nice"], plain: &[], valued: &["-n", "--adjustment"], skip: 0 },
    Wrapper {
        names: &["ionice"],
        plain: &["-t"],
        valued: &["-c", "-n", "--class", "--classdata"],
        skip: 0,
    },
    Wrapper {
        names: &[
            "nohup",
            "noglob",
            "nocorrect",
            "setsid",
            "unbuffer",
            "fakeroot",
            "builtin",
            "catchsegv",
            "linux64",
            "linux32",
        ],
        plain: &["-c", "-f", "-w", "--fork", "--wait", "--ctty"],
        valued: &[],
        skip: 0,
    },
    Wrapper {
        names: &["timeout", "gtimeout"],
        plain: &["-v", "--verbose", "--foreground", "--preserve-status"],
        valued: &["-k", "-s", "--kill-after", "--signal"],
        skip: 1,
    },
    Wrapper {
        names: &["time", "gtime"],
        plain: &["-p", "-v", "-a", "--verbose", "--portability"],
        valued: &["-f", "--format"],
        skip: 0,
    },
    Wrapper {
        names: &["stdbuf"],
        plain: &[],
        valued: &["-i", "-o", "-e", "--input", "--output", "--error"],
        skip: 0,
    },
    Wrapper {
        names: &["chrt", "taskset"],
        plain: &["-a", "-b", "-f", "-i", "-o", "-r", "-c"],
        valued: &[],
        skip: 1,
    },
    Wrapper {
        names: &["chroot"],
        plain: &["--skip-chdir"],
        valued: &["--userspec", "--groups"],
        skip: 1,
    },
    Wrapper {
        names: &["unshare"],
        plain: &[
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
            "-U",
            "-C",
            "-T",
            "-f",
            "-r",
            "-c",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--user",
            "--map-root-user",
            "--mount-proc",
        ],
        valued: &[],
        skip: 0,
    },
    Wrapper {
        names: &["nsenter"],
        plain: &[
            "-a", "-m", "-u", "-i", "-n", "-p", "-U", "-C", "--all", "--mount", "--net", "--pid",
        ],
        valued: &["-t", "--target", "-S", "-G"],
        skip: 0,
    },
    Wrapper { names: &["doas"], plain: &["-n", "-s", "-L"], valued: &["-u", "-C"], skip: 0 },
    Wrapper { names: &["exec"], plain: &["-c", "-l"], valued: &["-a"], skip: 0 },
    Wrapper {
        names: &["caffeinate", "chronic", "systemd-inhibit"],
        plain: &["-d", "-i", "-m", "-s", "-u"],
        valued: &["-t", "-w", "--what", "--who", "--why"],
        skip: 0,
    },
    Wrapper {
        names: &["strace", "ltrace", "dbus-run-session", "xvfb-run", "proot", "faketime"],
        plain: &["-f", "-a"],
        valued: &["-e", "-p"],
        skip: 0,
    },
];
