//! What holds of every line: nothing that is added to it makes it less dangerous.

#![allow(clippy::panic, reason = "an action that is none fails the test")]

mod shell_common;

use countersign_core::artifact::Risk;
use countersign_policy::facts::{Class, Floor};
use proptest::prelude::*;
use serde_json::json;
use shell_common::{action, argv, class, line, place};

const TABLE: &str = include_str!("shell_commands.txt");

fn of(text: &str) -> Class {
    class(&line(text), &place())
}

/// Whether `more` is at least as dangerous as `less`.
fn covers(more: &Class, less: &Class) -> bool {
    let floors = less.floors.iter().all(|floor| more.floors.contains(floor));
    // Doing nothing is called reading, and so is hidden by anything else.
    let says = less.verbs.own.iter().filter(|verb| verb.as_str() != "file_read");
    let verbs = says.into_iter().all(|verb| more.verbs.own.contains(verb));
    let broken = more.floors.contains(&Floor::Unreadable);
    more.risk >= less.risk && (broken || floors && verbs)
}

fn lines() -> Vec<String> {
    let rows = TABLE.lines().filter(|row| !row.starts_with('#'));
    rows.filter_map(|row| row.split_once(" | ")).map(|(_, line)| line.replace('⏎', "\n")).collect()
}

fn table() -> impl Strategy<Value = String> {
    prop::sample::select(lines())
}

/// Lines of one line that can be read to their end, so that another may follow.
fn whole() -> impl Strategy<Value = String> {
    let ends = |line: &String| !line.contains(['#', '\n']);
    let read = |line: &String| !of(line).floors.contains(&Floor::Unreadable);
    let lines: Vec<String> = lines().into_iter().filter(ends).filter(read).collect();
    prop::sample::select(lines)
}

/// Pieces of which lines are made, and which meet in ways that nobody writes.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "rm -rf ~",
        "ls",
        "git status",
        "'",
        "\"",
        "`",
        "$(",
        ")",
        "(",
        "{ ",
        "}",
        ";",
        "&&",
        "||",
        "|",
        "&",
        "\n",
        " ",
        "<<EOF",
        "\nEOF\n",
        "#",
        "\\",
        "$",
        "${",
        "$((",
        "))",
        "<(",
        ">",
        "<",
        ">>",
        "2>&1",
        "if ",
        "then ",
        "fi",
        "for x in ",
        "do ",
        "done",
        "case x in ",
        "esac",
        "a)",
        ";;",
        "[[ ",
        "]]",
        "sudo ",
        "env ",
        "bash -c ",
        "eval ",
        "xargs ",
        "find . -exec ",
        "x=",
        "~",
        "*",
        "[",
        "?",
        "{a,b}",
        "-c",
        "--",
        "é",
        "\u{1}",
        "\t",
        "function f ",
        "f() ",
        "<<<",
        "<<-'A'\n",
        "A\n",
        "time ",
        "! ",
        "$x",
        "$'\\n'",
        "psql -c ",
        "select 1",
        "sed 's/",
        "awk '{",
        "python3 -c ",
        "cd ..",
        "curl -d @",
        "http://a/",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_odd(text in any::<String>(), words in prop::collection::vec(any::<String>(), 0..5)) {
        of(&text);
        class(&argv(&words.iter().map(String::as_str).collect::<Vec<_>>()), &place());
    }

    #[test]
    fn attack_16_no_soup_of_pieces_is_too_odd_and_a_shell_around_it_hides_nothing(text in soup()) {
        let plain = of(&text);
        let wrapped = of(&format!("bash -c {}", quoted(&text)));
        prop_assert!(covers(&wrapped, &plain), "{text}: {plain:?} {wrapped:?}");
    }

    #[test]
    fn attack_16_no_soup_hides_the_line_behind_it(text in soup()) {
        // A backslash at its end makes one line of two.
        prop_assume!(!text.ends_with('\\'));
        let both = of(&format!("{text}\nrm -rf ~"));
        prop_assert!(both.risk == Risk::Critical, "{text}: {both:?}");
    }

    #[test]
    fn attack_16_two_lines_are_as_dangerous_as_each(a in whole(), b in table()) {
        let (one, two) = (of(&a), of(&b));
        let both = of(&format!("{a}\n{b}"));
        prop_assert!(covers(&both, &one) && covers(&both, &two), "{a} / {b}: {both:?}");
    }

    #[test]
    fn attack_16_a_wrapper_hides_nothing(text in table(), wrapper in prop::sample::select(vec![
        "sudo ", "env ", "nohup ", "nice ", "timeout 5 ", "stdbuf -oL ", "setsid ", "command ", "env A=1 ", "ionice -c 3 ", "doas ", "exec ",
    ])) {
        let plain = of(&text);
        let wrapped = of(&format!("{wrapper}{text}"));
        prop_assert!(wrapped.risk >= plain.risk, "{wrapper}{text}: {plain:?} {wrapped:?}");
    }

    #[test]
    fn attack_16_a_joined_line_is_as_dangerous_as_each_part(a in whole(), b in whole(), sign in prop::sample::select(vec!["&&", "||", ";", "|", "&"])) {
        let (one, two) = (of(&a), of(&b));
        let both = of(&format!("{a} {sign} {b}"));
        prop_assert!(both.risk >= one.risk.max(two.risk), "{a} {sign} {b}: {both:?}");
    }

    #[test]
    fn attack_12_a_declared_verb_lowers_nothing(text in table(), verb in "[a-z_]{1,12}(\\.[a-z]{1,5})?|file_read|llm_call") {
        let plain = of(&text);
        let mut payload = line(&text).to_payload().unwrap();
        payload["verb"] = json!(verb);
        let declared = class(&action(payload), &place());
        prop_assert!(covers(&declared, &plain) && (declared.known || !plain.known), "{text} {verb}");
    }
}

#[test]
fn attack_16_a_program_started_without_a_shell_hides_no_line() {
    for (words, risk) in [
        (vec!["bash", "-c", "git status && rm -rf ~"], Risk::Critical),
        (vec!["env", "bash", "-c", "rm -rf ~"], Risk::Critical),
        (vec!["sudo", "rm", "-rf", "/"], Risk::Critical),
        (vec!["rm", "-rf", "/home/ann"], Risk::Critical),
        (vec!["xargs", "rm", "-rf"], Risk::Critical),
        (vec!["git", "-c", "core.pager=evil", "log"], Risk::Critical),
        (vec!["./git", "status"], Risk::High),
        (vec!["git", "status"], Risk::Low),
        (vec!["echo", "a && rm -rf ~"], Risk::Low),
    ] {
        assert_eq!(class(&argv(&words), &place()).risk, risk, "{words:?}");
    }
}

#[test]
fn attack_16_a_shell_around_a_line_stands_apart_and_adds_nothing() {
    let class = of("git status");
    assert_eq!((class.risk, class.known), (Risk::Low, true));
    assert_eq!(class.tools.own, ["git"]);
    assert_eq!(class.tools.also, ["bash"]);
    assert_eq!(class.verbs.own.iter().map(|verb| verb.as_str()).collect::<Vec<_>>(), ["file_read"]);
    assert_eq!(
        class.verbs.also.iter().map(|verb| verb.as_str()).collect::<Vec<_>>(),
        ["shell_exec"]
    );
}

#[test]
fn attack_16_what_is_unknown_stays_so_beside_what_reads_and_only_there() {
    for (text, known) in [
        ("mytool", false),
        ("cd src && mytool | head", false),
        ("mytool > out.txt", true),
        ("mytool; git push", true),
        ("git status", true),
    ] {
        assert_eq!(of(text).known, known, "{text}");
    }
    assert_eq!(of("mytool && othertool").tools.own, ["mytool", "othertool"]);
}

#[test]
fn attack_16_a_program_under_another_name_counts_as_both() {
    let command = |program: &str, told: &str| {
        action(
            json!({"kind": "command", "argv": [told, "-rf", "/"], "cwd": "/home/ann/work", "env": {},
            "program": {"path": program, "sha256": "ab".repeat(32)}}),
        )
    };
    for (program, told) in [("/bin/rm", "ls"), ("/bin/ls", "rm"), ("/bin/busybox", "rm")] {
        let class = class(&command(program, told), &place());
        assert_eq!(class.verbs.own[0].as_str(), "delete", "{program} {told}: {class:?}");
    }
}

#[test]
fn attack_16_the_environment_of_a_command_counts() {
    for (name, value, risk) in [
        ("LD_PRELOAD", "/tmp/evil.so", Risk::High),
        ("BASH_ENV", "/tmp/evil", Risk::High),
        ("GIT_EXTERNAL_DIFF", "evil", Risk::High),
        ("PATH", "/tmp:/usr/bin", Risk::High),
        ("PATH", "/home/ann/work/bin:/usr/bin", Risk::High),
        ("PATH", "/usr/bin:", Risk::High),
        ("PATH", "/usr/bin:/opt/../tmp/x", Risk::High),
        ("PATH", "/var/tmp/bin:/usr/bin", Risk::High),
        ("PATH", "/tmpfoo:/var/tmpfoo/bin:/dev/shmem:/home/ann/workbench", Risk::Low),
        ("PATH", "/usr/local/bin:/usr/bin:/bin", Risk::Low),
        ("LANG", "C", Risk::Low),
    ] {
        let mut payload = argv(&["git", "status"]).to_payload().unwrap();
        payload["env"] = json!({name: value});
        assert_eq!(class(&action(payload), &place()).risk, risk, "{name}={value}");
    }
}

#[test]
fn the_entry_of_path_that_anybody_may_fill_is_named_and_kept_out_of_the_words_for_others() {
    let found = |value: serde_json::Value| {
        let mut payload = argv(&["git", "status"]).to_payload().unwrap();
        payload["env"] = json!({"PATH": value});
        let class = class(&action(payload), &place());
        let found = class.findings.into_iter().find(|found| found.risk == Risk::High).unwrap();
        (found.part, found.why)
    };
    let second = "entry 2 of PATH is where anybody may put a program";
    assert_eq!(found(json!("/usr/bin:/tmp/x:/bin")), ("/tmp/x".into(), second.into()));
    assert_eq!(found(json!("/usr/bin::/bin")), ("PATH".into(), second.into()));
    let (part, why) = found(json!(format!("/usr/bin:/tmp/{}", "x".repeat(5_000))));
    assert_eq!((part.len(), why.as_str()), (200, second));
    let hidden = json!({"_sd": "ab".repeat(32)});
    assert_eq!(found(hidden), ("PATH".into(), "where programs are looked for is not known".into()));
}

#[test]
fn attack_16_what_is_kept_secret_is_not_harmless() {
    let mut payload = argv(&["echo", "x"]).to_payload().unwrap();
    payload["argv"][1] = json!({"_sd": "ab".repeat(32)});
    assert_eq!(class(&action(payload.clone()), &place()).risk, Risk::High);
    payload["argv"][0] = json!({"_sd": "ab".repeat(32)});
    assert!(class(&action(payload), &place()).floors.contains(&Floor::Unreadable));
}

#[test]
fn attack_16_a_hostile_line_ends_in_a_person_and_not_in_an_abort() {
    for piece in [
        "(",
        "$(",
        "{ ",
        "`",
        "\"$(",
        "a;",
        "<<a\n",
        "a|",
        "((",
        "[[ ",
        "${",
        "case x in ",
        "bash -c '",
        "sudo ",
        "eval ",
        "f() ",
    ] {
        let class = of(&piece.repeat(64 * 1024 / piece.len()));
        assert!(class.risk >= Risk::High, "{piece}: {:?}", class.risk);
    }
    assert!(of(&"x".repeat(64 * 1024 + 1)).floors.contains(&Floor::Unreadable));
}
