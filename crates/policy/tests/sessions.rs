//! What opens a session: a host may keep a program running and let its model type into it, and no
//! hook hears of that. Whatever takes instructions from its input asks before it starts.

#![allow(clippy::panic, reason = "an action that is none fails the test")]

mod shell_common;

use countersign_core::artifact::Risk;
use shell_common::{class, line, place};

fn risk(text: &str) -> Risk {
    class(&line(text), &place()).risk
}

/// All of these are at least this dangerous.
fn least(risk_of_all: Risk, lines: &[&str]) {
    let through: Vec<&&str> = lines.iter().filter(|text| risk(text) < risk_of_all).collect();
    assert!(through.is_empty(), "{through:#?}");
}

/// All of these are low.
fn low(lines: &[&str]) {
    let held: Vec<&&str> = lines.iter().filter(|text| risk(text) > Risk::Low).collect();
    assert!(held.is_empty(), "{held:#?}");
}

#[test]
fn attack_41_a_shell_that_waits_for_lines_is_critical() {
    least(
        Risk::Critical,
        &[
            "bash",
            "bash -i",
            "bash -s",
            "bash -",
            "bash --",
            "bash -l",
            "bash --norc",
            "bash -x",
            "sh",
            "zsh",
            "dash",
            "ksh",
            "fish",
            "csh",
            "pwsh",
            "sh -e",
            "sh -s x",
            "/bin/sh",
            "exec sh",
            "exec bash",
            "exec $SHELL",
            "$SHELL",
            "env bash",
            "env -i sh",
            "command sh",
            "nice sh",
            "timeout 5 sh",
            "setsid sh",
            "time sh",
            "nohup sh",
            "busybox sh",
            "sudo -s",
            "sudo -i",
            "su",
            "script",
            "(sh)",
            "{ sh; }",
            "sh &",
            "! sh",
            "ls; sh",
            "ls || sh",
            "sh | cat",
            "echo $(sh)",
            "cat <(sh)",
            "if sh; then ls; fi",
            "sh < /dev/stdin",
            "sh <&0",
            "bash < /dev/tty",
            "sh /dev/stdin",
            "sh /dev/fd/0",
            "sh /proc/self/fd/0",
            "bash <(cat)",
            "sh < <(cat)",
            ". /dev/stdin",
            "source /dev/tty",
            "sh -c \"$(cat)\"",
            "eval \"$(cat)\"",
            "$(cat)",
            "read x; $x",
            "read x; eval \"$x\"",
            "read x; . \"$x\"",
            "while read x; do $x; done",
            "coproc sh",
            "csh --help",
            "tmux",
            "screen",
            "ssh host",
            "find . -exec sh ;",
            "watch sh",
        ],
    );
}

#[test]
fn attack_41_what_repeats_what_is_typed_is_as_what_it_hands_that_to() {
    least(
        Risk::Critical,
        &[
            "cat | sh",
            "cat - | sh",
            "cat | bash",
            "tee | sh",
            "cat | sed s/a/b/ | bash",
            "cat | tr a b | sh",
            "cat | xargs sh -c",
            "cat | xargs rm",
            "cat | xargs -I{} {}",
            "cat | while read x; do $x; done",
            "cat | tee >(sh)",
            "tee >(sh)",
            "cat > >(sh)",
            "cat | psql",
            "cat | python3",
            "cat > .git/hooks/pre-commit",
            "cat >> ~/.bashrc",
            "tee .claude/settings.json",
            "dd of=.codex/hooks.json",
            "cat | tee ~/.bashrc",
        ],
    );
    // What is written is not seen, so a file that holds it asks.
    least(
        Risk::Medium,
        &["cat > src/a.rs", "cat >> x", "tee x", "cat | tee x", "dd of=x", "sort > x", "head > x"],
    );
    // Nothing is run of what these are told: it comes back to whoever typed it.
    low(&[
        "cat",
        "cat -",
        "cat /dev/stdin",
        "tr a b",
        "sort",
        "wc",
        "grep x",
        "sed s/a/b/",
        "head",
    ]);
    low(&["awk '{print}'", "jq .", "read x; echo \"$x\"", "cat | tr a b | wc", "bash -c cat"]);
}

#[test]
fn attack_41_interpreters_and_clients_that_wait_for_code_ask() {
    least(
        Risk::High,
        &[
            "python3",
            "python3 -i",
            "python3 -",
            "python3 -q",
            "python3 -v",
            "python3 -i x.py",
            "python3 -m code",
            "python3 -m pdb x.py",
            "python3 /dev/stdin",
            "pypy -v",
            "ipython",
            "node",
            "node -",
            "node -i",
            "node inspect x.js",
            "deno",
            "deno repl",
            "bun repl",
            "ruby",
            "perl",
            "perl -de0",
            "php -a",
            "lua",
            "lua -i",
            "tclsh",
            "tclsh --version",
            "tclsh --help",
            "osascript -v",
            "R",
            "julia",
            "ghci",
            "jshell",
            "erl",
            "iex",
            "sbcl",
            "irb",
            "pry",
            "rails console",
            "bc",
            "bc -l",
            "dc",
            "gdb",
            "gdb ./x",
            "lldb",
            "jdb",
            "exec python3",
            "env python3",
            "poetry shell",
            "nix-shell",
            "gnuplot",
            "octave",
            "sed -f -",
            "awk -f -",
            "awk -f /dev/stdin x",
            "sed e",
            "jq -f - x",
            "make -f -",
            "curl -K -",
            "git apply",
            "git update-ref --stdin",
            "patch",
            "crontab -",
            "at now",
            "kubectl apply -f -",
            "nft -f -",
            "ip -batch -",
            "telnet host",
            "ftp host",
            "vim x",
            "docker attach x",
            "docker exec -it x sh",
            "adb shell",
            "fzf",
            "fc",
            "bind -x '\"a\":sh'",
        ],
    );
    least(
        Risk::Critical,
        &[
            "psql",
            "psql mydb",
            "psql -h x -U y",
            "psql -P -l",
            "psql --pset -l",
            "psql -R -l",
            "mysql",
            "mysql -l",
            "mysql -q 'select 1'",
            "mariadb -l",
            "duckdb",
            "duckdb -list x.db",
            "duckdb -cmd 'select 1'",
            "sqlcmd -q 'select 1'",
            "cockroach -l",
            "sqlite3",
            "sqlite3 x.db",
            "sqlite3 -readonly x.db",
            "sqlite3 -separator x 'select 1'",
            "sqlite3 x.db -separator 'select 1'",
            "sqlite3 -nullvalue x 'select 1'",
            "sqlite3 -mmap 1 x.db",
            "sqlite3 -interactive x.db .tables",
            "redis-cli",
        ],
    );
}

#[test]
fn attack_41_what_only_waits_for_words_or_opens_a_pager_asks() {
    least(
        Risk::Medium,
        &[
            "xargs",
            "xargs -n1",
            "xargs echo",
            "xargs ls",
            "xargs ls < /dev/tty",
            "cat | xargs ls",
            "cat - | xargs ls",
            "read -e x",
            "read -rei a x",
            "less x",
            "more x",
            "man ls",
            "bat x",
            "batcat x",
            "bat --paging=always x",
            "git help log",
            "git log --help",
            "git --help log",
            "git -p status",
            "git --paginate log",
            "npm help x",
            "cargo help build",
            "env -i git log",
            "env - git log",
            "env -u GIT_PAGER git log",
            "exec -c git log",
            "unset GIT_PAGER; git log",
            "PAGER=less git log",
        ],
    );
    // A list of files that is typed reads any of them.
    least(Risk::High, &["sort --files0-from=-", "wc --files0-from=-", "date -f ~/.ssh/id_rsa"]);
    least(Risk::High, &["date -f/home/ann/.ssh/id_rsa", "file -f ~/.ssh/id_rsa", "xargs cat"]);
}

#[test]
fn attack_41_a_text_for_another_descriptor_is_no_input() {
    least(
        Risk::Critical,
        &[
            "sh 3<<<ls",
            "sh 3<<'EOF'\nls\nEOF",
            "bash 9<<< 'git status'",
            "psql 3<<<'select 1'",
            "psql {f}<<<'select 1'",
            "sqlite3 x.db 3<<< 'select 1'",
            "sqlite3 x.db {f}<<< 'select 1'",
            "ssh host 3<<<ls",
            "sh <<< ls < /dev/tty",
            "sh <<< ls 0</dev/tty",
            "sh <<< ls 00</dev/tty",
            "echo ls | sh <&2",
            "echo ls | sh 0<&2",
            "echo ls | sh 0>&2",
            "echo ls | sh <> /dev/tty",
            "echo ls | sh < /dev/tty",
            "cat 3<<<ls | sh",
            "echo ls | tee /dev/tty | sh",
        ],
    );
    least(Risk::Medium, &["xargs ls <&3", "xargs ls 3<list", "cat 3<list | xargs ls"]);
    low(&["sh <<< ls", "sh 0<<< ls", "sh < /dev/tty <<< ls", "echo ls | sh 2>&1", "ls 3<list"]);
}

#[test]
fn attack_16_a_shell_that_is_led_to_other_lines_is_unreadable() {
    least(
        Risk::Critical,
        &[
            "echo 'exec < evil' | sh",
            "echo 'exec 0</dev/tty' | bash",
            "bash <<< 'exec < /dev/tty'",
            "bash <<< 'exec 0<&2'",
            "bash <<< 'command exec < evil'",
            "bash <<'A'\nexec <<'B'\nrm -rf ~\nB\nA",
            "sh <<'A'\n{ exec < evil; }\nA",
            "exec < /dev/tty",
        ],
    );
    low(&["exec 3< README.md", "exec 2> /dev/null", "exec 2>&1"]);
}

#[test]
fn what_is_given_its_input_is_judged_by_it() {
    low(&[
        "bash -c 'git status'",
        "bash <<'EOF'\ngit status\nEOF",
        "echo git status | sh",
        "ls | xargs",
        "ls | xargs ls",
        "cat README.md | xargs ls",
        "xargs -a list ls",
        "xargs ls < list",
        "sqlite3 x.db 'select 1'",
        "sqlite3 -separator , x.db 'select 1'",
        "sqlite3 x.db <<< 'select 1'",
        "psql -l",
        "psql -c 'select 1'",
        "mysql -e 'select 1'",
        "duckdb -c 'select 1'",
        "python3 --version",
        "python3 -V",
        "node -v",
        "ruby -v",
        "bash --version",
        "git --version",
        "git --help",
        "bat --paging=never x",
        "bat -pp x",
        "env ls",
        "env -u FOO ls",
        "exec 2>/dev/null",
        "date -f x",
        "read -r x; echo \"$x\"",
    ]);
}
