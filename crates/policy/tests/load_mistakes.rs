//! Files with mistakes, each with everything that is said of them: place, text, message, hint.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use countersign_policy::load::{Dialect, Mistake, Mistakes, load};
use std::fmt::Write as _;

/// One case of `data/mistakes.txt`.
struct Case<'t> {
    name: &'t str,
    dialect: Dialect,
    text: &'t str,
    said: &'t str,
}

fn cases() -> Vec<Case<'static>> {
    let all = include_str!("data/mistakes.txt").split("=== ").skip(1);
    let cases = all.map(|case| {
        let (head, rest) = case.split_once('\n').unwrap();
        let (name, dialect) = head.split_once(' ').unwrap();
        let (text, said) = rest.split_once("---END\n").unwrap();
        let dialect = if dialect == "yaml" { Dialect::Yaml } else { Dialect::Toml };
        Case { name, dialect, text, said }
    });
    cases.collect()
}

fn written(mistakes: &Mistakes) -> String {
    let mut text = String::new();
    for Mistake { line, column, text: shown, message, hint } in &mistakes.0 {
        let hint = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        writeln!(text, "{line}:{column} [{shown}] {message}{hint}").unwrap();
    }
    text
}

fn said(text: &str, dialect: Dialect) -> String {
    match load(text.as_bytes(), dialect) {
        Ok(policy) => panic!("it loads: {policy:?}"),
        Err(mistakes) => written(&mistakes),
    }
}

#[test]
fn attack_13_every_mistake_is_told_with_its_place_its_text_and_what_to_do() {
    let cases = cases();
    assert!(cases.len() >= 80, "{}", cases.len());
    for case in cases {
        assert_eq!(said(case.text, case.dialect), case.said, "{}", case.name);
    }
}

#[test]
fn attack_13_a_typo_in_a_key_never_widens_a_rule() {
    let good = "version = 1\n[[rule]]\nid = \"a\"\ntools = [\"x\"]\nsubject = \"agent:y\"\n\
                servers = [\"z\"]\nconditions = [{ field = \"f\", eq = 1 }]\ndecision = \"allow\"\n";
    load(good.as_bytes(), Dialect::Toml).unwrap();
    for key in ["tools", "subject", "servers", "conditions", "field", "decision", "id"] {
        let typo = format!("{}_{}", &key[..1], &key[1..]);
        for bad in [typo.as_str(), &key.to_uppercase(), &key[1..]] {
            let text = good.replace(&format!("{key} ="), &format!("{bad} ="));
            assert!(load(text.as_bytes(), Dialect::Toml).is_err(), "{bad}");
        }
    }
}

#[test]
fn attack_14_a_bound_in_quotes_is_no_number() {
    for op in ["gt", "gte", "lt", "lte"] {
        let rule = format!(
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\nconditions = [{{ field = \"x\", {op} = \"9e9\" }}]\n"
        );
        let said = said(&rule, Dialect::Toml);
        assert!(said.contains("[\"9e9\"] a text where a number is expected"), "{said}");
    }
}

#[test]
fn attack_14_a_limit_that_would_be_another_number_is_refused() {
    for number in [
        "0.10000000000000000001",
        "18446744073709551615",
        "9223372036854775808",
        "1e400",
        "1e-400",
        "inf",
        "nan",
    ] {
        let rule = format!(
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"block\"\nconditions = [{{ field = \"x\", lte = {number} }}]\n"
        );
        assert!(load(rule.as_bytes(), Dialect::Toml).is_err(), "{number}");
    }
    for number in ["0.1", "1e3", "-0.0", "9223372036854775807", "100.50", "1_000", "0xff"] {
        let rule = format!(
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"block\"\nconditions = [{{ field = \"x\", lte = {number} }}]\n"
        );
        assert!(load(rule.as_bytes(), Dialect::Toml).is_ok(), "{number}");
    }
}

#[test]
fn attack_12_a_rule_that_loosens_a_dangerous_lane_is_refused_by_its_name() {
    for verb in ["payment", "delete", "account_change", "data_export", "payment.refund"] {
        for decision in ["decision = \"allow\"", "decision = \"redact\"\nredact = [\"args.x\"]"] {
            let rule =
                format!("version = 1\n[[rule]]\nid = \"sneaky\"\nverb = \"{verb}\"\n{decision}\n");
            let said = said(&rule, Dialect::Toml);
            assert!(said.starts_with("4:8 ") && said.contains("the rule `sneaky` says"), "{said}");
        }
        let hitl = format!(
            "security:\n  hitl:\n    rules:\n      - id: sneaky\n        verb: {verb}\n        require_approval: false\n"
        );
        assert!(said(&hitl, Dialect::Yaml).contains("the rule `sneaky` says `allow`"));
    }
}

#[test]
fn an_expression_that_cannot_compile_is_refused_where_it_stands() {
    for expression in ["(a", "a{2,1}", "\\\\1", "(?=a)"] {
        let rule = format!(
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"block\"\nconditions = [{{ field = \"x\", matches = \"{expression}\" }}]\n"
        );
        assert!(said(&rule, Dialect::Toml).starts_with("5:40 "), "{expression}");
    }
}

#[test]
fn only_conditions_that_no_action_meets_contradict_one_another() {
    let rule = |conditions: &str| {
        let text = format!(
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"block\"\nconditions = [{conditions}]\n"
        );
        load(text.as_bytes(), Dialect::Toml)
    };
    for bad in [
        r#"{ field = "risk", gte = "high" }, { field = "risk", lt = "high" }"#,
        r#"{ field = "risk", eq = "critical" }, { field = "risk", lte = "high" }"#,
        r#"{ field = "x", eq = "b" }, { field = "x", matches = "^a" }"#,
        r#"{ field = "x", eq = 1 }, { field = "x", neq = 1.0 }"#,
        r#"{ field = "verb", exists = false }, { field = "verb", eq = "delete" }"#,
    ] {
        let said = written(&rule(bad).unwrap_err());
        assert!(said.contains("meets all conditions"), "{said}");
    }
    for good in [
        r#"{ field = "risk", gte = "high" }, { field = "risk", lt = "critical" }"#,
        r#"{ field = "verb", eq = "delete" }, { field = "verb", eq = "payment" }"#,
        r#"{ field = "x", gte = 5 }, { field = "x", lte = 5.0 }"#,
        r#"{ field = "x", eq = "ab" }, { field = "x", matches = "^a" }"#,
        r#"{ field = "x", contains = "a" }, { field = "x", contains = "b" }"#,
        r#"{ field = "x", eq = 1 }, { field = "y", eq = 2 }"#,
        r#"{ field = "time", gte = "08:00" }, { field = "time", lt = "18:00" }"#,
    ] {
        assert!(rule(good).is_ok(), "{good}");
    }
}

#[test]
fn what_is_no_text_is_refused_where_it_stops_to_be_one() {
    let said = |bytes: &[u8], dialect| written(&load(bytes, dialect).unwrap_err());
    for dialect in [Dialect::Toml, Dialect::Yaml] {
        let invalid = said(b"# \xc3\xa4\nab\xffc\n", dialect);
        assert_eq!(invalid, "2:3 [] the byte 0xff is no UTF-8 (save the file as UTF-8)\n");
        let marked = said(b"\xef\xbb\xbfversion = 1\n", dialect);
        assert!(marked.starts_with("1:1 [] a byte order mark"), "{marked}");
        let long = said(&vec![b'#'; (1 << 20) + 1], dialect);
        assert_eq!(long, "1:1 [] a policy is at most 1048576 bytes, and this is 1048577\n");
    }
}
