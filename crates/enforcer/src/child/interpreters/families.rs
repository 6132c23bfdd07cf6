//! The interpreters that are known, as a table of what their manuals say.

use super::Dialect;

pub(super) const FAMILIES: [Dialect; 11] = [
    Dialect {
        names: &["sh", "bash", "dash", "ash", "rbash", "ksh", "mksh", "zsh"],
        code: "c",
        value: "oO",
        stdin: "s",
        value_words: &["--rcfile", "--init-file"],
        dash_ends: true,
        exact: true,
        place: Some(&[
            "$0",
            "${0",
            "BASH_SOURCE",
            "BASH_ARGV",
            "ZSH_ARGZERO",
            "%N",
            "%x",
            ".sh.file",
            "/proc/",
            "/dev/fd",
        ]),
        ..NONE
    },
    Dialect {
        names: &["python", "pypy"],
        code: "c",
        value: "WX",
        value_words: &["--check-hash-based-pycs"],
        module: "m",
        exact: true,
        // The directory of a script is where its own modules are looked for.
        place: Some(&["import", "__file__", "argv", "/proc/", "/dev/fd"]),
        ..NONE
    },
    Dialect {
        names: &["perl"],
        code: "eE",
        value: "I",
        attached: "FiMmDCxVd",
        exact: true,
        place: Some(&[
            "$0",
            "${0",
            "FindBin",
            "__FILE__",
            "PROGRAM_NAME",
            "caller",
            "use lib",
            "/proc/",
            "/dev/fd",
        ]),
        ..NONE
    },
    Dialect {
        names: &["node", "nodejs"],
        code: "ep",
        code_words: &["--eval", "--print"],
        value: "rC",
        value_words: &[
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "--conditions",
            "--title",
            "--env-file",
            "--env-file-if-exists",
            "--input-type",
            "--watch-path",
            "--run",
            "--max-old-space-size",
            "--stack-size",
            "--inspect-port",
            "--icu-data-dir",
            "--openssl-config",
            "--redirect-warnings",
            "--diagnostic-dir",
            "--test-reporter",
            "--test-name-pattern",
            "--unhandled-rejections",
            "--disable-warning",
        ],
        ..NONE
    },
    Dialect { names: &["deno"], commands: &["run", "test", "bench", "serve"], ..NONE },
    Dialect {
        names: &["bun"],
        code: "ep",
        code_words: &["--eval", "--print"],
        value: "r",
        value_words: &["--cwd", "--preload", "--config", "--env-file"],
        commands: &["run"],
        ..NONE
    },
    Dialect {
        names: &["ruby", "jruby"],
        code: "e",
        value: "IrCE",
        attached: "FiKTWx",
        exact: true,
        ..NONE
    },
    Dialect {
        names: &["php"],
        code: "rBRE",
        value: "cdztS",
        // `-f FILE` reads like an operand: the file is the next word.
        value_words: &["--php-ini", "--define"],
        exact: true,
        ..NONE
    },
    Dialect { names: &["lua", "luajit"], value: "el", exact: true, ..NONE },
    Dialect { names: &["Rscript"], code: "e", exact: true, ..NONE },
    Dialect {
        names: &["pwsh", "powershell"],
        code_words: &["-c", "-command", "-e", "-ec", "-encodedcommand"],
        value_words: &[
            "-executionpolicy",
            "-ep",
            "-ex",
            "-workingdirectory",
            "-wd",
            "-settingsfile",
            "-outputformat",
            "-inputformat",
            "-configurationname",
            "-version",
        ],
        ..NONE
    },
];

const NONE: Dialect = Dialect {
    names: &[],
    code: "",
    code_words: &[],
    value: "",
    attached: "",
    value_words: &[],
    module: "",
    stdin: "",
    commands: &[],
    dash_ends: false,
    exact: false,
    place: None,
};
